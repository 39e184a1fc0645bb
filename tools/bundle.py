"""Take trained ONNX files into the package: python tools/bundle.py FOLDER

Only whole sets are taken: five networks and what measures sound, together under 2 MB, trained on nothing whose licence forbids giving them away."""
import os, shutil, sys
from pathlib import Path
import numpy as np
from midikompanion_ml.contract import InputError, MODELS, atomic_path
from midikompanion_ml.corpora import CORPORA
from midikompanion_ml.inference import AUDIO_FILE, Model, measure_sound, weights_folder

LARGEST_BYTES = 2_000_000
FREE = {'Apache-2.0', *(c.license for c in CORPORA.values() if c.shippable)}

def main(folder):
    paths = {name:Path(folder)/m.file for name,m in MODELS.items()}
    for name,p in paths.items():
        licenses = Model(p, name).papers['training']['licenses']
        if not licenses or set(licenses)-FREE: raise InputError('licenses', sorted(licenses), f'only {", ".join(sorted(FREE))}', file=p)
    measure_sound(np.random.default_rng(0).normal(0, .1, 30000), folder) # that it is there and runs
    paths['audio_features'] = Path(folder)/AUDIO_FILE
    total = sum(p.stat().st_size for p in paths.values())
    if total>LARGEST_BYTES: raise InputError('size', f'{total} bytes', f'at most {LARGEST_BYTES} bytes together', file=folder)
    for name,p in paths.items():
        with atomic_path(weights_folder()/p.name) as tmp: shutil.copyfile(p, tmp)
    print(f'wrote five networks and what measures sound, {total/1000:.0f} kB, to {os.path.relpath(weights_folder())}')

if __name__=='__main__':
    try: main(*sys.argv[1:])
    except InputError as e: sys.exit(f'error: {e}')
