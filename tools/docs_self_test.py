"A small project with planted errors, which shows that check_docs.py catches each (check_docs.py --self-test)."
import json, os, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SETTINGS = '''[DEFAULT]
repo = mini
lib_name = mini
version = 0.0.1
min_python = 3.9
license = apache2
doc_path = _docs
lib_path = mini
nbs_path = nbs
recursive = True
branch = main
custom_sidebar = True
custom_quarto_yml = True
doc_host = https://example.org
doc_baseurl = /mini
git_url = https://github.com/example/mini
title = mini
author = nobody
author_email = nobody@example.org
copyright = nobody
description = A project to plant errors in
keywords = none
language = English
status = 3
user = example
'''
QUARTO_YML = '''project: {type: website}
metadata-files: [nbdev.yml]
website:
  repo-subdir: nbs
  repo-actions: [source]
  sidebar:
    contents:
      - index.ipynb
      - section: Tutorials
        contents: tutorials/*.ipynb
      - section: API
        contents: api/**/0*.ipynb
'''

def text(source): return dict(cell_type='markdown', id='m', metadata={}, source=source)

def code(source, *outputs):
    return dict(cell_type='code', id='c', metadata={}, source=source, execution_count=None, outputs=list(outputs))

PICTURE = dict(output_type='display_data', metadata={}, data={'image/png': ''})
GOOD = [
    code('#| default_exp thing'),
    text('See [home](../index.ipynb#start), `double` and @fig-square.\n\n![A square](square.png){#fig-square}'),
    code('#| export\ndef double(x):\n    "Twice `x`."\n    return 2*x'),
    code('#| code-fold: true\ndouble(2)')]
COLAB = 'https://colab.research.google.com/github/example/mini/blob/main/nbs'
BADGE = f'[Open in Colab]({COLAB}/tutorials/01_first.ipynb)'
TRIPLE = '#| export\ndef triple(x):\n    "Thrice `x`."\n    return 3*x'
LINKED = '#| export\ndef triple(\n    x, # as in `double`\n):\n    "Thrice `x`."\n    return 3*x'
TUTORIAL = dict(
    badge=text(BADGE),
    install=code("#| hide\nimport sys\nif 'google.colab' in sys.modules:\n    %pip install -q mini"),
    text=text('Here `double()` is used.'),
    picture=code('#| fig-alt: "A square"\nshow(2)', PICTURE),
    caption=text('*A square.*'))
NO_BADGE = 'no badge that opens it in Colab'

# What is planted: (its name, what `make_project` is told, what must be said)
PLANTED = [
    ('unknown directive', dict(cells=[code('#| exprot\n1')]), "unknown directive '#| exprot'"),
    ('misspelt option', dict(cells=[code('#| fig-atl: "x"\n1')]), "unknown directive '#| fig-atl"),
    ('mixed imports', dict(cells=[code('import math\nmath.pi')]), 'imports mixed with other code'),
    ('dropped text', dict(title='\n\nText under the title.'), "text under the title is dropped by nbdev: 'Text under"),
    ('dropped code', dict(cells=[code('if 2>1:\n    %pip list')]),
     "code that is not whole on the page, hide it: 'if 2>1:'"),
    ('broken link', dict(cells=[text('[x](nowhere.ipynb)')]), 'broken link: nowhere.ipynb'),
    ('broken link to the site', dict(cells=[text('[x](https://example.org/mini/api/nowhere.html)')]),
     'broken link to a page that is not built'),
    ('broken link to the source', dict(cells=[text('[x](https://github.com/example/mini/blob/main/nowhere.py)')]),
     'broken link to a file of the repository'),
    ('broken anchor', dict(cells=[text('[x](../index.ipynb#nowhere)')]), 'broken anchor: ../index.ipynb#nowhere'),
    ('missing image', dict(cells=[text('![x](nowhere.png)')]), 'missing image: nowhere.png'),
    ('missing alt text', dict(cells=[text('![](square.png)')]), 'picture without alt text: square.png'),
    ('missing alt text of a plot', dict(cells=[code('show(2)', PICTURE)]), 'picture without alt text (#| fig-alt'),
    ('missing caption', dict(tutorial=dict(caption=text('A square.'))), 'picture without a caption'),
    ('unresolved cross-reference', dict(cells=[text('See @fig-nowhere.')]), 'unresolved reference: @fig-nowhere'),
    ('link inside a signature', dict(cells=[code(LINKED)]), 'link inside a signature'),
    ('tutorial without badge', dict(tutorial=dict(badge=text('Colab opens it.'))), NO_BADGE),
    ('badge of another notebook', dict(tutorial=dict(badge=text(BADGE.replace('tutorials/01_first', 'index')))),
     NO_BADGE),
    ('tutorial without install', dict(tutorial=dict(install=code('import sys'))),
     'its first code does not install in Colab'),
    ('tutorials without links', dict(tutorial=dict(text=text('Here nothing is used.'))), 'no page links to the API'),
    ('name without a link', dict(cells=[text('- what\n\n    `double` does')]),
     'name of mini.thing without a link: double'),
    ('missing sidebar page', dict(quarto=('- index.ipynb\n', '- index.ipynb\n      - nowhere.ipynb\n')),
     'no such page: nowhere.ipynb'),
    ('page not in the sidebar', dict(pages=['lost']), 'page not in the sidebar: lost.ipynb'),
    ('page twice in the sidebar', dict(quarto=('- index.ipynb\n', '- index.ipynb\n      - index.ipynb\n')),
     'page twice in the sidebar: index.ipynb'),
    ('glob that makes a section', dict(quarto=('api/**/0*', 'api/0*')),
     'Quarto would make a section of the folder: api/0*.ipynb'),
    ('View source to nowhere', dict(quarto=('repo-subdir: nbs', 'repo-subdir: docs')), '"View source" leads nowhere'),
    ('public name without docs', dict(cells=[code('#| hide\n'+TRIPLE)]), 'public name without docs: triple'),
    ('name without a source link', dict(cells=[code(TRIPLE)], unknown='triple'),
     'public name without a link to its source: triple'),
    ('constant without docs', dict(cells=[code('#| export\nLIMIT = 3')]),
     'a leading underscore makes it private): LIMIT'),
    ('missing docstring', dict(cells=[code('#| export\ndef triple(x): return 3*x')]),
     'public name without a docstring: triple'),
]

def make_project(root, cells=(), title='', tutorial=None, pages=(), quarto=('', ''), unknown=''):
    """Write the small project, with more `cells` in its module, other parts of its tutorial, a replacement in
    `_quarto.yml`, an `unknown` name."""
    kernel = dict(kernelspec=dict(display_name='python3', language='python', name='python3'))
    def write(name, content):
        (root/name).parent.mkdir(parents=True, exist_ok=True)
        (root/name).write_text(content)
    def write_notebook(name, notebook_cells):
        write(name, json.dumps(dict(cells=notebook_cells, metadata=kernel, nbformat=4, nbformat_minor=5)))
    write_notebook('nbs/index.ipynb', [text('# Mini\n\n> A small project'), text('## Start\n\nHere.')])
    write_notebook('nbs/api/00_thing.ipynb', [text('# Thing\n\n> A thing'+title), *GOOD, *cells])
    parts = {**TUTORIAL, **(tutorial or {})}
    write_notebook('nbs/tutorials/01_first.ipynb', [text('# First\n\n> A tutorial'), *parts.values()])
    for name in pages: write_notebook(f'nbs/{name}.ipynb', [text('# Lost\n\n> Nobody finds it')])
    write('settings.ini', SETTINGS)
    write('nbs/_quarto.yml', QUARTO_YML.replace(*quarto))
    write('nbs/api/square.png', '')
    write('README.md', '# Mini\n')
    write('mini/__init__.py', '__version__ = "0.0.1"\n')
    write('mini-0.0.1.dist-info/METADATA', 'Name: mini\nVersion: 0.0.1\n')
    write('mini-0.0.1.dist-info/entry_points.txt', '[nbdev]\nmini = mini._modidx:d\n')
    subprocess.run([str(Path(sys.executable).parent/'nbdev_export')], cwd=root, check=True,
                   env={**os.environ, 'PYTHONPATH': str(root)})
    index = root/'mini'/'_modidx.py' # where nbdev looks names up
    if unknown: index.write_text(index.read_text().replace(f'.{unknown}', '.other'))

def problems_of(planted):
    "Problems found in the small project."
    script = Path(__file__).with_name('check_docs.py')
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp).resolve()/'mini_project'
        make_project(root, **planted)
        result = subprocess.run([sys.executable, str(script), '--in-place', str(root)], cwd=root, capture_output=True,
                                text=True, env={**os.environ, 'PYTHONPATH': str(root)})
    return result.stdout.splitlines()[:-1] if result.returncode in (0, 1) and result.stdout else [result.stderr]

def self_test():
    "Each planted error is found, and nothing is found where nothing is wrong."
    cases = [('nothing where nothing is wrong', {}, None), *PLANTED]
    any_missed = False
    with ThreadPoolExecutor(2) as pool:
        for (name, _, expected), problems in zip(cases, pool.map(problems_of, [planted for _, planted, _ in cases])):
            caught = len(problems)==1 and expected in problems[0] if expected else not problems
            print(f'{"caught" if caught else "missed"} {name}: {"; ".join(problems) or "nothing found"}', flush=True)
            any_missed |= not caught
    return any_missed
