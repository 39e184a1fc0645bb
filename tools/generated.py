"Files that are written from the contract and the thesaurus. `--check` says whether one is stale."
import json, sys
from pathlib import Path
from midikompanion_ml.handover import GENERATED
from midikompanion_ml.thesaurus import thesaurus_json

ROOT = Path(__file__).resolve().parents[1]

def _thesaurus(): return json.dumps(thesaurus_json(), indent=1, ensure_ascii=False)+'\n' # what save_thesaurus writes

FILES = {**GENERATED, 'plugin/thesaurus.json':_thesaurus} # path in the project: what stands in it

def is_stale(path, root=ROOT):
    file = Path(root)/path
    return not file.exists() or file.read_bytes()!=FILES[path]().encode()

if __name__=='__main__':
    for path in filter(is_stale, FILES):
        if '--check' in sys.argv: sys.exit(f'{path} is stale: make generated')
        (ROOT/path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT/path).write_bytes(FILES[path]().encode())
        print(f'wrote {path}')
