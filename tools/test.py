"""Every check of the project, one line each: python tools/test.py [STAGE...]

Works on a copy, so the working tree stays as it is. Goes on after a failure; exit status 1 if anything failed.
JOBS=1 runs one notebook at a time, FLAGS="slow cuda" also runs the cells marked so. MIDIKOMPANION_DATA names the folder
of real music, without which checks on it are skipped."""
import configparser, filecmp, json, os, re, shutil, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
import yaml
import house as layout

ROOT = Path(__file__).resolve().parents[1]
SMALL = dict(NUM_SAMPLES='240', EPOCHS='3') # settings of the notebooks that train
LARGEST_NOTEBOOK_KB = 300
NO_DATA = 'MIDIKOMPANION_DATA is not set, or has no {} (the README says where to get it)'
TEXT_SUFFIXES = ('.ipynb', '.py', '.md', '.ini', '.txt', '.yml', '.yaml', '.toml')
JOBS = int(os.environ.get('JOBS', min(2, os.cpu_count() or 1)))
STAGES = {}
counts = dict(passed=0, failed=0, skipped=0)

def stage(function):
    "Register a stage under its own name."
    STAGES[function.__name__] = function
    return function

def check(name, problem='', *, sec=None):
    "One line for one check; a check that has a `problem` failed."
    problem = '\n'.join(problem) if isinstance(problem, (list, tuple)) else problem or ''
    counts['failed' if problem else 'passed'] += 1
    duration = f' ({sec:.0f} s)' if sec is not None and sec>=1 else ''
    print(f'{"FAILED" if problem else "ok    "} {name}{duration}', flush=True)
    if problem: print('       '+'\n       '.join(problem.strip().splitlines()[-40:]), flush=True)

def skip(name, why):
    counts['skipped'] += 1
    print(f'skip   {name}: {why}', flush=True)

def ignored(folder, names):
    "What is no part of the project: caches anywhere, and at the top what the commands write."
    made = {'.git', '.venv', '_proc', '_docs', 'data', 'models', 'logs'} if Path(folder)==ROOT else set()
    caches = {'__pycache__', '.ipynb_checkpoints'}
    return {name for name in names if name in made|caches or name.endswith('.egg-info')}

def copy_project(to):
    "What git would commit, or all but the ignored folders where there is no git."
    git = subprocess.run(['git','ls-files','-coz','--exclude-standard'], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:
        return shutil.copytree(ROOT, to, symlinks=True, dirs_exist_ok=True, ignore=ignored)
    for name in filter(None, git.stdout.split('\0')):
        if not os.path.lexists(ROOT/name): continue
        (to/name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT/name, to/name, follow_symlinks=False)

def real_data():
    "Folder of real music, if there is one."
    p = os.environ.get('MIDIKOMPANION_DATA')
    if p and Path(p).is_dir(): return Path(p).resolve()

def environment(work):
    "What every command runs with: the library of the copy, one thread, small settings."
    tmp = work.parent/'tmp'
    tmp.mkdir(exist_ok=True)
    commands = str(Path(sys.executable).parent)+os.pathsep+os.environ['PATH']
    env = {'OMP_NUM_THREADS': '1', **os.environ, **SMALL, 'PYTHONPATH': str(work), 'PYTHONWARNINGS': 'ignore',
           'JUPYTER_PLATFORM_DIRS': '1', 'TMPDIR': str(tmp), 'PATH': commands}
    if real_data(): env['MIDIKOMPANION_DATA'] = str(real_data())
    return env

def without_progress(text):
    "Text as a terminal shows it: progress bars in their last state."
    return '\n'.join(line.rstrip('\r').split('\r')[-1] for line in text.split('\n'))

def run(work, *args, cwd=None, timeout_sec=1200, **env):
    "Run a command in the copy; returns its output, and what is wrong ('' when nothing is)."
    # librosa's compiled functions: commands that fill one cache side by side can spoil it for good
    env = {**environment(work), 'NUMBA_CACHE_DIR': tempfile.mkdtemp(dir=work.parent), **env}
    try:
        result = subprocess.run([str(a) for a in args], cwd=cwd or work, env=env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors='replace', timeout=timeout_sec)
    except FileNotFoundError: return '', f'{args[0]}: no such command'
    except subprocess.TimeoutExpired as e: return '', f'{args[0]} ran for more than {e.timeout} s'
    output = without_progress(result.stdout)
    if not result.returncode: return output, ''
    return output, (output.strip() or 'no output')+f'\n{args[0]} ended with status {result.returncode}'

def python(work, *args, **kw): return run(work, sys.executable, *args, **kw)

def notebooks(work):
    "Every notebook, but none in hidden or generated folders."
    return sorted(p for p in work.rglob('*.ipynb') if not any(part[0] in '._' for part in p.relative_to(work).parts))

def settings():
    cfg = configparser.ConfigParser(delimiters=['='])
    cfg.read(ROOT/'settings.ini', encoding='utf-8')
    return cfg['DEFAULT']

def in_parallel(jobs):
    "Check each (name, function) as it ends; the function returns what is wrong."
    def timed(job):
        name, function = job
        start = time.time()
        try: problem = function()
        except Exception as e: problem = f'{type(e).__name__}: {e}'
        check(name, problem, sec=time.time()-start)
    with ThreadPoolExecutor(JOBS) as pool: list(pool.map(timed, jobs))


@stage
def library(work):
    "The library is what the notebooks make."
    made, committed = work/'midikompanion_ml', ROOT/'midikompanion_ml'
    for path in made.rglob('*.py'):
        if 'AUTOGENERATED' in path.read_text(encoding='utf-8')[:2000] or path.name=='_modidx.py': path.unlink()
    problem = run(work, 'nbdev_export')[1]
    new = {p.relative_to(made) for p in made.rglob('*.py')}
    old = {p.relative_to(committed) for p in committed.rglob('*.py')}
    changed = [p for p in sorted(new & old) if not filecmp.cmp(made/p, committed/p, shallow=False)]
    stale = [f'{p}: not what the notebooks make' for p in changed]
    stale += [f'{p}: missing' for p in sorted(new-old)]+[f'{p}: no notebook makes it' for p in sorted(old-new)]
    if stale: stale.append('run nbdev_export')
    check('the library is what the notebooks export', problem or stale)
    shutil.copytree(committed, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns('__pycache__'))

@stage
def hygiene(work):
    "Notebooks are clean and small, and nothing tells about one machine."
    problem, dirty = '', []
    for path in notebooks(work):
        before = path.read_bytes()
        problem = problem or run(work, 'nbdev_clean', '--fname', path)[1]
        if path.read_bytes()!=before: dirty.append(f'{path.relative_to(work)}: run nbdev_clean')
        path.write_bytes(before)
    check('notebooks are clean (nbdev_clean would change nothing)', problem or dirty)
    large, sound, widgets, failed, asleep, paths = [], [], [], [], [], []
    for path in notebooks(work):
        name, text = path.relative_to(work), path.read_text(encoding='utf-8')
        if len(text.encode())>LARGEST_NOTEBOOK_KB*1000: large.append(f'{name}: {len(text.encode())//1000} kB')
        for i, cell in enumerate(json.loads(text)['cells']):
            source, outputs = ''.join(cell['source']), cell.get('outputs', [])
            if 'data:audio' in json.dumps(outputs): sound.append(f'{name} cell {i}')
            if 'jupyter.widget-view' in json.dumps(outputs):
                widgets.append(f'{name} cell {i}: clear its output; a page has no kernel')
            if any(o['output_type']=='error' for o in outputs): failed.append(f'{name} cell {i}')
            if re.search(r'^#\s*\|\s*eval:\s*false', source, flags=re.M) and 'install' not in source:
                asleep.append(f'{name} cell {i}')
    machine = re.compile(r'(?<![a-zA-Z0-9.])/(?:work|root|tmp|home|Users)/[a-zA-Z]\S*')
    for path in sorted(p for p in work.rglob('*') if p.suffix in TEXT_SUFFIXES and p.is_file()):
        if path==work/'tools'/'test.py' or '.git' in path.parts: continue
        paths += [f'{path.relative_to(work)}: {m[:60]}' for m in machine.findall(path.read_text(encoding='utf-8'))]
    check(f'notebooks are under {LARGEST_NOTEBOOK_KB} kB', large)
    check('no sound is saved in notebooks', sound)
    check('no widgets are saved in notebooks', widgets)
    check('no errors are saved in notebooks', failed)
    check('only install cells never run (eval: false)', asleep)
    check('no paths of one machine', sorted(set(paths)))

@stage
def house(work):
    "Imports run down only, rooms are small, and each public name has one room."
    check('imports run down only, none hidden in a string', layout.check_imports(work))
    check(f'no room has over {layout.MOST_LINES} lines of code, no public name two rooms', layout.check_rooms(work))

@stage
def readme(work):
    "README.md is what nbs/index.ipynb makes."
    check('README.md is what nbs/index.ipynb makes', python(work, 'tools/readme.py', '--check')[1])

@stage
def generated(work):
    "What is written from the contract for other languages is what the notebooks make."
    check('contract.hpp and the like are what the notebooks make', python(work, 'tools/generated.py', '--check')[1])

@stage
def code(work):
    "Ruff, with the syntax of Python 3.9."
    check('ruff finds nothing (Python 3.9 syntax included)', run(work, 'ruff', 'check', '--no-cache', '.')[1])

@stage
def packaging(work):
    "Settings, pins, containers, workflows, and the commands."
    cfg = settings()
    link = work/'nbs'/'_quarto.yml'
    same = link.exists() and link.read_text()==(work/'_quarto.yml').read_text()
    check('_quarto.yml is one file (nbs/_quarto.yml leads to it)', '' if same else
          'nbs/_quarto.yml is not _quarto.yml: on a system without links, cp _quarto.yml nbs/_quarto.yml')
    check('every requirement is pinned in constraints.txt', unpinned(work, cfg))
    named = {'midikompanion_ml/__init__.py': f'"{cfg["version"]}"', 'CHANGELOG.md': f'## {cfg["version"]}'}
    check('one version in settings.ini, library and CHANGELOG',
          [f'{p} does not say {cfg["version"]}' for p, text in named.items()
           if text not in (work/p).read_text(encoding='utf-8')])
    apache = 'Apache License' in (work/'LICENSE').read_text() and cfg['license']=='apache2'
    check('LICENSE is Apache-2.0', '' if apache else 'it is not')
    check('docker-compose.yml calls make targets', wrong_targets(work))
    check('workflows parse', wrong_workflows(work))
    for line in cfg['console_scripts'].splitlines():
        name = line.split('=')[0].strip()
        output, problem = run(work, name, '--help')
        check(f'{name} --help', problem or ('' if 'usage' in output.lower() else output+'no usage in it'))

def unpinned(work, cfg):
    "Requirements in settings.ini that constraints.txt does not pin, and lines of it that cannot be read."
    from packaging.requirements import Requirement
    def plain(requirement): return Requirement(requirement).name.lower().replace('_', '-')
    pinned, bad = set(), []
    for line in (work/'constraints.txt').read_text(encoding='utf-8').splitlines():
        line = line.split('#')[0].strip()
        if not line: continue
        try: pinned.add(plain(line))
        except Exception as e: bad.append(f'{line}: {e}')
    keys = [k for k in cfg if k.endswith('requirements')]
    return bad+[f'{r}: not in constraints.txt' for k in keys for r in cfg[k].split() if plain(r) not in pinned]

def wrong_targets(work):
    "Targets that the Makefile lacks, and services of docker-compose.yml that call none."
    targets = set(re.findall(r'^([a-z-]+):', (work/'Makefile').read_text(encoding='utf-8'), flags=re.M))
    bad = [f'make {t}: no such target' for t in ('models', 'test', 'lab', 'tensorboard', 'docs', 'clean')
           if t not in targets]
    services = yaml.safe_load((work/'docker-compose.yml').read_text(encoding='utf-8'))['services']
    for name, service in services.items():
        words = service['command'].split() if isinstance(service['command'], str) else service['command']
        if words[0]!='make' or words[1] not in targets: bad.append(f'{name}: {" ".join(words)} is not a make target')
    return bad+[f'no service {s}' for s in ('training', 'tensorboard') if s not in services]

def wrong_workflows(work):
    "Workflows without jobs, and jobs that cannot run."
    bad = []
    for path in sorted((work/'.github'/'workflows').glob('*.y*ml')):
        jobs = (yaml.safe_load(path.read_text(encoding='utf-8')) or {}).get('jobs') or {}
        if not jobs: bad.append(f'{path.name}: no jobs')
        for name, job in jobs.items():
            if 'runs-on' not in job or not all('uses' in step or 'run' in step for step in job['steps']):
                bad.append(f'{path.name}: job {name} cannot run')
    return bad

@stage
def light(work):
    "What works without the training packages."
    check('the light install works (torch and the like hidden)', python(work, 'tools/smoke.py', '--without-extras')[1])

@stage
def docs(work):
    "The pages that Quarto would get, and proof that the check catches what it is for."
    output, problem = python(work, 'tools/check_docs.py', MIDIKOMPANION_DATA='')
    check('docs: '+(output.strip().splitlines() or ['?'])[-1], problem)
    output, problem = python(work, 'tools/check_docs.py', '--self-test')
    for line in output.splitlines():
        if line.startswith(('caught ', 'missed ')):
            check(f'docs check, planted {line[7:]}', '' if line.startswith('caught') else line)
    if problem and 'missed ' not in output: check('docs check of itself', problem)

@stage
def tests(work):
    "nbdev_test on every notebook of nbs/ but the tutorials."
    def test_notebook(path):
        flags = os.environ.get('FLAGS', '')
        return run(work, 'nbdev_test', '--path', path, '--n_workers', '0', '--flags', flags)[1]
    paths = [p for p in notebooks(work/'nbs') if 'tutorials' not in p.parts]
    in_parallel([(str(p.relative_to(work)), partial(test_notebook, p)) for p in paths])

@stage
def tutorials(work):
    "Tutorials and top-level notebooks from a fresh kernel, on small settings."
    def run_notebook(path): return python(work, 'tools/run_notebooks.py', path)[1]
    paths = [*sorted(work.glob('*.ipynb')), *notebooks(work/'nbs'/'tutorials')]
    in_parallel([(f'{p.relative_to(work)} from a fresh kernel', partial(run_notebook, p)) for p in paths])

CANNOT_RUN = 77 # exit status of a script that lacks something here

def script(work, name, *args):
    "The checks of a script that prints `ok ...`, `FAILED ...` and `skip ...`."
    start = time.time()
    output, problem = python(work, f'tools/{name}.py', *args, timeout_sec=900)
    if problem.endswith(f'status {CANNOT_RUN}'): return skip(name, output.strip().splitlines()[-1])
    for line in output.splitlines():
        if line.startswith('   '): print('    '+line, flush=True)
        result, _, text = line.partition(' ')
        what, _, why = text.partition(': ')
        if result=='skip': skip(f'{name}: {what}', why)
        if result=='ok': check(f'{name}: {what}')
        if result=='FAILED': check(f'{name}: {what}', text)
    if problem and 'FAILED ' not in output: check(name, problem)
    print(f'       {name} took {time.time()-start:.0f} s', flush=True)

@stage
def browser(work):
    "The explorer in JupyterLab and headless Chromium; pictures of it are kept in screenshots/."
    script(work, 'browser', '--screenshots', ROOT/'screenshots')

@stage
def plugin(work):
    "The C++ host: built, tested, compared with golden vectors, installed."
    script(work, 'plugin')

@stage
def play(work):
    "The page that plays, in headless Chromium; pictures of it are kept in screenshots/."
    script(work, 'play', '--screenshots', ROOT/'screenshots')

@stage
def pieces(work):
    "Music stays as it is: the files of all 216 words, byte for byte."
    code = '''
import hashlib, tempfile
from pathlib import Path
from midikompanion_ml import THESAURUS, compose
digest = hashlib.sha256()
with tempfile.TemporaryDirectory() as folder:
    for node in THESAURUS:
        path = Path(folder)/f"{node.id}.mid"
        compose(node.name, seed=node.id).save(path)
        digest.update(path.read_bytes())
print(digest.hexdigest())'''
    output, problem = python(work, '-c', code)
    expected = json.loads((work/'tools'/'pieces.json').read_text(encoding='utf-8'))['sha256']
    if not problem and output.strip()!=expected:
        problem = f'sha256 {output.strip()}, not {expected}: where the change is meant, write it into tools/pieces.json'
    check('the pieces of all 216 words are those of tools/pieces.json', problem)

@stage
def widths(work):
    "Nothing but the contract knows a width: with 12 bumps, all runs from made-up pieces to a composed one."
    script(work, 'other_widths')

@stage
def real_input(work):
    "The four commands over 24 clips of EMOPIA, rendered to sound as a user's folder would be."
    data, title = real_data(), '24 clips of EMOPIA'
    if not (data and (data/'emopia').is_dir()):
        return skip(f'{title}, end to end', NO_DATA.format('emopia/'))
    clips, arrays, models = (work/name for name in ('emopia_clips', 'emopia_data', 'emopia_models'))
    steps = [
        ('render_emopia', '--input', data/'emopia', '--output', clips, '--limit', '24'),
        ('prepare_datasets', '--input', clips, '--output', arrays, '--num-samples', SMALL['NUM_SAMPLES'],
         '--workers', '2'),
        ('train_all_models', '--data', arrays, '--epochs', '3', '--output-dir', models, '--device', 'cpu',
         '--logdir', work/'emopia_logs'),
        ('export_to_onnx', '--input', models, '--output', models),
        ('validate_models', '--models-dir', models)]
    for command in steps:
        start = time.time()
        problem = run(work, *command)[1]
        check(f'{title}: {command[0]}', problem, sec=time.time()-start)
        if problem: return skip(f'{title}: the rest', f'{command[0]} failed')
    splits = [json.loads((arrays/f'{split}.json').read_text(encoding='utf-8')) for split in ('train', 'val', 'test')]
    real = [record for split in splits for record in split if record['source']!='synthetic']
    skipped = json.loads((arrays/'skipped.json').read_text(encoding='utf-8'))
    complete = len(real)+len(skipped)==24 and len(real)>=20
    check(f'{title}: records written', '' if complete else f'{len(real)} records, {len(skipped)} skipped')
    names = sorted(p.name for p in models.glob('*.onnx'))
    check(f'{title}: six ONNX files', '' if len(names)==6 else f'{names}')

@stage
def bundled(work):
    "The weights in the package: five networks and what measures sound, small, and as their metadata says."
    paths = sorted((work/'midikompanion_ml'/'weights').glob('*'))
    total = sum(p.stat().st_size for p in paths)
    whole = [p.suffix for p in paths]==['.onnx']*6 and 'audio_features' in [p.stem for p in paths]
    check('six ONNX files in the package, under 2 MB',
          '' if whole and total<2_000_000 else f'{[p.name for p in paths]}: {total} bytes')
    code = '''
import onnx, sys
from midikompanion_ml.export.onnx import weights_digest
model = onnx.load(sys.argv[1])
written = {p.key: p.value for p in model.metadata_props}["weights_sha256"]
sys.exit(written!=weights_digest(model) and "these are not the weights that were exported")'''
    for path in paths: check(f'{path.name} is as it was exported', python(work, '-c', code, path)[1])

@stage
def recipe(work):
    "The shippable recipe on a few pieces of real music, twice: the same bytes."
    title, data = 'the shippable recipe, twice', real_data()
    if not (data and all((data/name).is_dir() for name in ('pop909', 'gmd'))):
        return skip(title, NO_DATA.format('pop909/ and gmd/'))
    code = '''
from midikompanion_ml.data.recipes import check_sounds, mix_items, recipe_parts
check_sounds(mix_items(recipe_parts("shippable"), limit=20)[0])'''
    if python(work, '-c', code)[1]:
        return skip(title, 'FluidSynth or a soundfont of training is not installed (.ci/run says which)')
    results = []
    for number in ('one', 'two'):
        arrays, models = work/f'recipe_{number}', work/f'recipe_{number}_models'
        steps = [('prepare_datasets', '--recipe', 'shippable', '--limit', '20', '--num-samples', '40',
                  '--output', arrays, '--workers', '2'),
                 ('train_all_models', '--data', arrays, '--epochs', '2', '--output-dir', models, '--device', 'cpu',
                  '--logdir', work/'recipe_logs'),
                 ('export_to_onnx', '--input', models, '--output', models)]
        start = time.time()
        problem = next((p for command in steps if (p := run(work, *command)[1])), '')
        check(f'the shippable recipe on 20 pieces of each, {number}', problem, sec=time.time()-start)
        if problem: return
        results.append({p.name: p.read_bytes() for p in models.glob('*.onnx')})
    first, second = results
    differ = [name for name in first if first[name]!=second.get(name)]
    check('the shippable recipe gives the same bytes twice',
          '' if len(first)==6 and not differ else f'{differ or sorted(first)} differ')


def main(names):
    unknown = [n for n in names if n not in STAGES]
    if unknown: sys.exit(f'no stage {", ".join(unknown)}; there are: {", ".join(STAGES)}')
    start = time.time()
    with tempfile.TemporaryDirectory(prefix='midikompanion-') as tmp:
        work = Path(tmp).resolve()/'project'
        copy_project(work)
        for name, function in STAGES.items():
            if names and name not in names: continue
            try: function(work)
            except Exception as e: check(f'stage {name}', f'{type(e).__name__}: {e}')
    print(f'took {time.time()-start:.0f} s')
    print(f'{counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    return counts['failed']>0

if __name__=='__main__': sys.exit(main(sys.argv[1:]))
