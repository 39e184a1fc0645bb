"""Only `contract` knows a width: python tools/other_widths.py [BUMPS]

Changes the number of bumps of the emotion code (to 12) in a copy of the library, and goes the whole way with it:
prepare, train, export, validate, compose, hear. Prints one line a step."""
import os, re, shutil, subprocess, sys, tempfile
from pathlib import Path
from report import ROOT, check, failed, say

PIECES = 40
STEPS = dict(
    contract='''
from midikompanion_ml.contract import BUMPS, CONTEXT, EMBEDDING
assert BUMPS=={bumps}!=16, BUMPS
print(f'an emotion code of {{EMBEDDING.width}} numbers, a context of {{CONTEXT.width}}')''',
    emotion='''
import numpy as np
from midikompanion_ml.emotion import decode, encode
point = np.array([.3,-.4,.2,.7])
difference = abs(decode(encode(point))-point).max()
assert difference<.01, difference
print(f'decoded within {{difference:.0e}}')''',
    prepare='''
from midikompanion_ml.data.prepare import prepare
rows = prepare('data', num_samples={pieces}, seed=0, workers=1, progress=False)['rows']
print(f'{{rows["harmony_predictor"]["train"]}} rows of {pieces} pieces')''',
    train='''
from midikompanion_ml.networks.train_all import train_all
summaries = train_all('data', 'models', epochs=1, batch_size=8, device='cpu', workers=1, progress=False)
assert len(summaries)==5, list(summaries)
print(f'{{len(summaries)}} networks')''',
    export='''
from midikompanion_ml.export.export_models import export_all
from midikompanion_ml.networks.inference import weights_folder
paths = export_all('models', weights_folder())
print(f'{{len(paths)}} ONNX files, which replace those of the copy')''',
    validate='''
from midikompanion_ml.export.validation_report import validate_all
from midikompanion_ml.networks.inference import weights_folder
report = validate_all(weights_folder())
assert not report.failures, report.failures
print('shapes, ranges and parity')''',
    compose='''
from midikompanion_ml import compose
piece = compose([('joy',4), ('grief',4)], seed=1)
piece.save('piece.mid')
assert len(piece.score.notes)>50, len(piece.score.notes)
print(f'{{len(piece.score.notes)}} notes')''',
    hear='''
from midikompanion_ml import hear
from midikompanion_ml.data.synthetic.piece import make_piece
from midikompanion_ml.sound.rendering import render
print(hear(render(make_piece('joy', seed=0).score)))''')

def copy_library(folder, bumps):
    "The library with another number of bumps; false where the contract does not say it in one line."
    shutil.copytree(ROOT/'midikompanion_ml', folder/'midikompanion_ml', ignore=shutil.ignore_patterns('__pycache__'))
    path = folder/'midikompanion_ml'/'contract.py'
    text,changes = re.subn(r'^BUMPS = \d+', f'BUMPS = {bumps}', path.read_text(encoding='utf-8'), flags=re.M)
    path.write_text(text, encoding='utf-8')
    return changes==1

def run_step(code, folder, bumps):
    "What a step printed, and what is wrong ('' when nothing is)."
    environment = {'OMP_NUM_THREADS': '1', 'PYTHONWARNINGS': 'ignore', **os.environ,
                   'PYTHONPATH': str(folder), 'NUMBA_CACHE_DIR': str(folder/'numba')}
    command = [sys.executable, '-c', code.format(bumps=bumps, pieces=PIECES)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    output = result.stderr if result.returncode else result.stdout
    last_line = (output.strip().splitlines() or ['nothing was printed'])[-1]
    return ('', last_line) if result.returncode else (last_line, '')

def main(bumps=12):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check('the contract says the number of bumps in one line', not copy_library(folder, bumps))
        for step,code in STEPS.items():
            printed,problem = run_step(code, folder, bumps)
            check(f'{bumps} bumps, {step}', problem)
            if printed: say(printed)
            if problem: break # the steps that follow need this one
    return int(bool(failed))

if __name__=='__main__': sys.exit(main(*map(int, sys.argv[1:])))
