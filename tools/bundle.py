"""Take trained ONNX files into the package: python tools/bundle.py FOLDER

Only whole sets are taken: five files, together under 2 MB, trained on nothing whose licence forbids giving them away."""
import os, shutil, sys
from pathlib import Path
from midikompanion_ml.contract import InputError, MODELS, atomic_path
from midikompanion_ml.corpora import CORPORA
from midikompanion_ml.inference import Model, weights_folder

LARGEST_BYTES = 2_000_000
FREE = {'Apache-2.0', *(c.license for c in CORPORA.values() if c.shippable)}

def main(folder):
    paths = {name:Path(folder)/m.file for name,m in MODELS.items()}
    for name,p in paths.items():
        licenses = Model(p, name).papers['training']['licenses']
        if not licenses or set(licenses)-FREE: raise InputError('licenses', sorted(licenses), f'only {", ".join(sorted(FREE))}', file=p)
    total = sum(p.stat().st_size for p in paths.values())
    if total>LARGEST_BYTES: raise InputError('size', f'{total} bytes', f'at most {LARGEST_BYTES} bytes together', file=folder)
    for name,p in paths.items():
        with atomic_path(weights_folder()/p.name) as tmp: shutil.copyfile(p, tmp)
    print(f'wrote five networks, {total/1000:.0f} kB, to {os.path.relpath(weights_folder())}')

if __name__=='__main__':
    try: main(*sys.argv[1:])
    except InputError as e: sys.exit(f'error: {e}')
