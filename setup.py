"Packaging: everything it needs to know stands in settings.ini."
from configparser import ConfigParser
from pathlib import Path
import setuptools

here = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(here/'settings.ini', encoding='utf-8')
cfg = config['DEFAULT']

def words(key): return cfg.get(key, '').split()

train = words('train_requirements')
research = train + words('research_requirements')
dev = research + words('dev_requirements')

setuptools.setup(
    name=cfg['lib_name'],
    version=cfg['version'],
    description=cfg['description'],
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=cfg['author'],
    author_email=cfg['author_email'],
    url=cfg['git_url'],
    keywords=cfg['keywords'],
    license='Apache-2.0',
    packages=setuptools.find_packages(include=[f"{cfg['lib_path']}*"]),
    include_package_data=True,
    python_requires=f">={cfg['min_python']}",
    install_requires=words('requirements'),
    extras_require={'train': train, 'research': research, 'dev': dev},
    entry_points={
        'console_scripts': words('console_scripts'),
        'nbdev': [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"],
    },
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        *[f'Programming Language :: Python :: 3.{minor}' for minor in range(9, 14)],
    ],
    zip_safe=False,
)
