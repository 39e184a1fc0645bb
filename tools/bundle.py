"""Take trained ONNX files into the package: python tools/bundle.py FOLDER

Only complete sets are taken: five networks and what measures sound, together under 2 MB, and trained on nothing
whose licence forbids giving them away."""
import os
import shutil
import sys
from pathlib import Path
import numpy as np
from midikompanion_ml.contract import MODELS
from midikompanion_ml.data.corpora.catalogue import CORPORA
from midikompanion_ml.files import InputError, atomic_path
from midikompanion_ml.networks.inference import AUDIO_FILE, Model, measure_sound, weights_folder

LARGEST_BYTES = 2_000_000
FREE = {'Apache-2.0', *(corpus.license for corpus in CORPORA.values() if corpus.shippable)}

def check_licences(name, path):
    "Raise `InputError` unless everything that a network learnt from may be given away."
    licences = Model(path, name).papers['training']['licenses']
    if licences and set(licences)<=FREE: return
    raise InputError('licenses', sorted(licences), f'only {", ".join(sorted(FREE))}', file=path)

def check_sound_file(folder):
    "Raise `InputError` unless the file that measures sound is there and runs."
    measure_sound(np.random.default_rng(0).normal(0, .1, 30000), folder)

def check_size(paths, folder):
    "Raise `InputError` if the files are too large together. Returns their size in bytes."
    total = sum(path.stat().st_size for path in paths)
    if total<=LARGEST_BYTES: return total
    raise InputError('size', f'{total} bytes', f'at most {LARGEST_BYTES} bytes together', file=folder)

def main(folder):
    networks = {name: Path(folder)/model.file for name,model in MODELS.items()}
    for name,path in networks.items(): check_licences(name, path)
    check_sound_file(folder)
    paths = [*networks.values(), Path(folder)/AUDIO_FILE]
    total = check_size(paths, folder)
    for path in paths:
        with atomic_path(weights_folder()/path.name) as tmp: shutil.copyfile(path, tmp)
    print(f'wrote five networks and what measures sound, {total/1000:.0f} kB, to {os.path.relpath(weights_folder())}')

if __name__=='__main__':
    if len(sys.argv)!=2: sys.exit('usage: python tools/bundle.py FOLDER')
    try: main(sys.argv[1])
    except InputError as error: sys.exit(f'error: {error}')
