"Files that are generated from the contract, the thesaurus and composing. `--check` says whether one is stale."
import json, sys
from pathlib import Path
from midikompanion_ml.export.cpp_header import cpp_header
from midikompanion_ml.export.js_tables import js_module, js_tables
from midikompanion_ml.thesaurus import thesaurus_json

ROOT = Path(__file__).resolve().parents[1]

def thesaurus_text(): # what save_thesaurus writes
    return json.dumps(thesaurus_json(), indent=1, ensure_ascii=False)+'\n'

FILES = { # path in the project: function that gives its text
    'plugin/include/midikompanion/contract.hpp': cpp_header,
    'nbs/play/contract.js': js_module,
    'nbs/play/tables.js': js_tables,
    'plugin/thesaurus.json': thesaurus_text}

def is_stale(path, root=ROOT):
    "Whether a generated file is missing or differs from what would be written."
    file = Path(root)/path
    return not file.exists() or file.read_bytes()!=FILES[path]().encode()

if __name__=='__main__':
    for path in filter(is_stale, FILES):
        if '--check' in sys.argv: sys.exit(f'{path} is stale: make generated')
        (ROOT/path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT/path).write_bytes(FILES[path]().encode())
        print(f'wrote {path}')
