"""No number of composing is typed a second time for the page that plays: python tools/typed_twice.py [--one]

Looks for decimal numbers in nbs/play/compose.js. Plants a change in every decimal number of the rooms that
compose, one after the other, in a copy of the library: `tools/generated.py --check` must notice each.
`--one` plants a single one."""
import io, os, re, shutil, subprocess, sys, tempfile, tokenize
from pathlib import Path
from report import ROOT, check, failed, say

PAGE = ROOT/'nbs'/'play'/'compose.js'
ROOMS = ('chance', 'plan', 'harmony', 'rhythm', 'melody', 'arrangement', 'questions', 'performance')
NO_CHOICE = {0., .5, 1., 2.} # zero, halves, wholes and doubles are parts of a formula

def page_decimals(page=PAGE):
    "Decimal numbers in the code of the page."
    code = re.sub(r'//.*', '', page.read_text(encoding='utf-8'))
    return re.findall(r'(?<![\w.])(?:\d*\.\d+|\d+e-?\d+)', code)

def room_decimals(path):
    "Decimal numbers in a room, as (line, column, text)."
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding='utf-8')).readline)
    numbers = [(*token.start, token.string) for token in tokens if token.type==tokenize.NUMBER]
    return [number for number in numbers if re.search(r'[.e]', number[2]) and float(number[2]) not in NO_CHOICE]

def change(path, line, column, text):
    "Make a number a quarter larger, as a developer would who tries something."
    lines = path.read_text(encoding='utf-8').splitlines(True)
    before, after = lines[line-1][:column], lines[line-1][column+len(text):]
    lines[line-1] = f'{before}{1.25*float(text)!r}{after}'
    path.write_text(''.join(lines), encoding='utf-8')

def copy_project(folder):
    "The library, and what `tools/generated.py` compares."
    ignore = shutil.ignore_patterns('__pycache__', 'models', 'vendor', 'build*')
    for part in ('midikompanion_ml', 'tools', 'nbs/play', 'plugin'):
        shutil.copytree(ROOT/part, folder/part, ignore=ignore)
    return folder

def complaint(project):
    "What `tools/generated.py --check` says in a copy of the project; empty where all is well."
    environment = dict(os.environ, PYTHONPATH=str(project), PYTHONDONTWRITEBYTECODE='1')
    command = [sys.executable, 'tools/generated.py', '--check']
    run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    return run.stderr.strip() if run.returncode else ''

def is_noticed(path, number, project):
    "Whether the check complains when one number of a room has been changed."
    original = path.read_text(encoding='utf-8')
    change(path, *number)
    said = complaint(project)
    path.write_text(original, encoding='utf-8')
    return 'tables.js is stale' in said

def main(most=None):
    own = [number for number in page_decimals() if number!='.5']
    check('the page has no decimal numbers of its own', ', '.join(own))
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        if not check('generated files are up to date', complaint(project)): return 1
        paths = [project/'midikompanion_ml'/'composing'/f'{room}.py' for room in ROOMS]
        numbers = [(path,number) for path in paths for number in room_decimals(path)]
        planted = numbers[:most]
        unnoticed = [(path.stem, number) for path,number in planted if not is_noticed(path, number, project)]
    places = [f'{room} line {line}: {text}' for room,(line,_,text) in unnoticed]
    check('a changed number is noticed', '; '.join(places))
    say(f'{len(planted)} of {len(numbers)} decimal numbers of {len(ROOMS)} rooms were changed, one after the other')
    return int(bool(failed))

if __name__=='__main__': sys.exit(main(1 if '--one' in sys.argv else None))
