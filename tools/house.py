"""The layout of the library, checked from its own source: python tools/house.py [--table]

Imports run down only, no room or line is too long, no public name stands in two rooms, no string names a module.
`--table` prints the rooms of each wing and the imports between wings."""
import ast, collections, io, sys, tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = 'midikompanion_ml'
MOST_LINES = 400  # of code in one room
LONGEST_LINE = 120 # as in ruff.toml, which cannot leave out the `__all__` that nbdev writes
# From the ground up. A wing may import from wings below it, and none from those on its own floor.
FLOORS = (
    ('files',), ('sources',), ('contract',), ('emotion',), ('emotion_words',), ('music',), ('sound', 'thesaurus'),
    ('data', 'networks.inference'), ('networks', 'composing'), ('export', 'exploring'), ('research',),
    ('cli_options',), ('cli',), ('front_door',))
FLOOR_OF = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}

def wing_of(room):
    "The wing that a room belongs to: `music` for `music.midi`, and the room itself where it has a floor of its own."
    return room if room in FLOOR_OF else room.split('.')[0]

def rooms(root=ROOT):
    "Every module of the library: {room: path}."
    library = Path(root)/LIBRARY
    paths = [p for p in sorted(library.rglob('*.py')) if not p.name.startswith('_')]
    return {'.'.join(p.relative_to(library).with_suffix('').parts): p for p in paths}

def order_of(root=ROOT):
    "The place of each room in its folder, by the number of its notebook: {room: (numbers)}."
    order = {}
    api = Path(root)/'nbs'/'api'
    for path in sorted(api.rglob('[0-9][0-9]_*.ipynb')):
        folder = path.relative_to(api).parts[:-1]
        order['.'.join([*folder, path.stem[3:]])] = int(path.stem[:2])
    return order

def imported_rooms(path, room, known):
    "(line, room) for each import from the library, those inside functions too."
    package = room.split('.')[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.split('.')[0]==LIBRARY]
            modules = [n.split('.', 1)[1] for n in names if '.' in n]
        elif isinstance(node, ast.ImportFrom) and (node.level or (node.module or '').split('.')[0]==LIBRARY):
            base = package[:len(package)+1-node.level] if node.level else []
            module = (node.module or '').split('.') if node.level else node.module.split('.')[1:]
            stem = '.'.join([*base, *filter(None, module)])
            modules = [stem] if stem in known else ['.'.join(filter(None, [stem, a.name])) for a in node.names]
        else: continue
        for module in modules:
            if module in known: yield node.lineno, module

def may_import(room, other, order):
    "Whether the floor of `other` lies below that of `room`; within a wing, whether its notebook comes before."
    wing, target = wing_of(room), wing_of(other)
    if wing!=target: return FLOOR_OF[target]<FLOOR_OF[wing]
    folder, beside = room.rpartition('.')[0], other.rpartition('.')[0]
    if folder==beside: return order[other]<order[room]
    return True # between folders of one wing: no cycle, which importing shows

def module_strings(path, known):
    "(line, text) for each string that names a module of the library, which would get around the floors."
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str): continue
        text = node.value.partition(':')[0]
        if text.startswith(LIBRARY+'.') and text[len(LIBRARY)+1:] in known: yield node.lineno, node.value

def code_lines(path):
    "How many lines hold code: no comments, blank lines or `__all__`."
    source = path.read_text(encoding='utf-8')
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in blank: lines.update(range(token.start[0], token.end[0]+1))
    for node in ast.parse(source).body:
        if is_all(node): lines -= set(range(node.lineno, node.end_lineno+1))
    return len(lines)

def long_lines(path):
    "Numbers of lines that are too long; nbdev writes `__all__`, so it does not count."
    source = path.read_text(encoding='utf-8')
    exempt = set()
    for node in ast.parse(source).body:
        if is_all(node): exempt |= set(range(node.lineno, node.end_lineno+1))
    lines = enumerate(source.splitlines(), 1)
    return [number for number, line in lines if len(line)>LONGEST_LINE and number not in exempt]

def is_all(node):
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id=='__all__' for t in node.targets)

def public_names(path):
    "What `__all__` of a room lists."
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if is_all(node): return ast.literal_eval(node.value)
    return []

def check_imports(root=ROOT):
    "Imports that run up or sideways, as lines of text."
    known, order, found = rooms(root), order_of(root), []
    for room, path in known.items():
        if wing_of(room) not in FLOOR_OF: found.append(f'{room}: has no floor (tools/house.py lists them)'); continue
        for line, other in imported_rooms(path, room, known):
            if wing_of(other) in FLOOR_OF and other!=room and not may_import(room, other, order):
                found.append(f'{room} line {line}: imports {other}')
        if room=='front_door': continue # its table of names is what it is for
        for line, text in module_strings(path, known):
            found.append(f'{room} line {line}: names a module in a string: {text!r}')
    return found

def check_rooms(root=ROOT):
    "Rooms and lines that are too long, and public names that stand in two rooms, as lines of text."
    found, owners = [], collections.defaultdict(list)
    for room, path in rooms(root).items():
        if (lines := code_lines(path))>MOST_LINES: found.append(f'{room}: {lines} lines of code, at most {MOST_LINES}')
        found += [f'{room} line {line}: over {LONGEST_LINE} characters' for line in long_lines(path)]
        for name in public_names(path): owners[name].append(room)
    return found+[f'{name}: public in {" and ".join(places)}' for name, places in owners.items() if len(places)>1]

def print_table(root=ROOT):
    "Rooms and lines of each wing, and how many imports run between wings."
    known, between = rooms(root), collections.Counter()
    for wing in FLOOR_OF:
        inside = [r for r in known if wing_of(r)==wing]
        lines = sum(code_lines(known[r]) for r in inside)
        if inside: print(f'floor {FLOOR_OF[wing]:2}  {wing:20} {len(inside):3} rooms {lines:6} lines')
    for room, path in known.items():
        for _, other in set(imported_rooms(path, room, known)):
            if wing_of(room)!=wing_of(other): between[wing_of(room), wing_of(other)] += 1
    total = sum(between.values())
    print(f'{len(known)} rooms on {len(FLOORS)} floors; {total} imports between wings, {len(between)} pairs of wings')

if __name__=='__main__':
    if '--table' in sys.argv: print_table()
    problems = check_imports()+check_rooms()
    print('\n'.join(problems) or 'imports run down only, no room or line is too long, no public name stands twice')
    sys.exit(bool(problems))
