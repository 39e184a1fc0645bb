"""What the page that plays needs and git does not keep: python tools/play_assets.py [DEST]

Copies the ONNX files of the package to DEST/models, and what runs them to DEST/vendor: ONNX Runtime Web, from npm, in
the version that nbs/play/package.json names, and its licence. DEST is nbs/play unless another folder is named. Ends
with status 77 when npm is missing or cannot fetch it."""
import importlib.util, json, shutil, subprocess, sys, tarfile, tempfile
from pathlib import Path
from report import MISSING, ROOT

PAGE = ROOT/'nbs'/'play'
NEEDED = ('ort.wasm.bundle.min.mjs','ort-wasm-simd-threaded.wasm') # the CPU backend, which one thread can run
LICENCES = ('LICENSE', 'ThirdPartyNotices.txt') # not in the npm package; Python's, from the same sources, has them

def fetch_runtime(vendor):
    "Put ONNX Runtime Web into a folder, unless this version is there already; what is wrong, or ''."
    version = json.loads((PAGE/'package.json').read_text())['dependencies']['onnxruntime-web']
    stamp = vendor/'version.txt'
    if stamp.exists() and stamp.read_text().strip()==version: return ''
    npm = shutil.which('npm')
    if not npm: return 'npm is not installed'
    vendor.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        result = subprocess.run([npm, 'pack', '--silent', f'onnxruntime-web@{version}'], cwd=tmp, capture_output=True,
                                text=True)
        if result.returncode:
            return f'npm cannot fetch onnxruntime-web {version}: {(result.stderr or result.stdout).strip()[-300:]}'
        with tarfile.open(next(Path(tmp).glob('*.tgz'))) as tar:
            for name in NEEDED: (vendor/name).write_bytes(tar.extractfile(f'package/dist/{name}').read())
    package = Path(importlib.util.find_spec('onnxruntime').origin).parent
    for name in LICENCES: shutil.copy(package/name, vendor/name)
    stamp.write_text(version+'\n')
    return ''

def main(dest=PAGE):
    dest = Path(dest)
    (dest/'models').mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT/'midikompanion_ml'/'weights').glob('*.onnx')): shutil.copy(path, dest/'models'/path.name)
    problem = fetch_runtime(dest/'vendor')
    if problem: print(problem); return MISSING
    files = [*(dest/'models').iterdir(), *(dest/'vendor').iterdir()]
    print(f'{len(files)} files, {sum(f.stat().st_size for f in files)/1e6:.1f} MB, for the page that plays')

if __name__=='__main__': sys.exit(main(*sys.argv[1:]))
