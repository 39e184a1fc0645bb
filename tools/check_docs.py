"""The documentation as Quarto would get it, checked without Quarto: python tools/check_docs.py [--self-test]

Unknown directives, text and code that nbdev would drop, links and anchors, images, their alt text and captions, cross-references,
sidebar and navigation bar, badge and installation of tutorials, a docs entry with a link to its source for every public name,
and links to these entries. Works on a copy. `--self-test` plants one error of each kind in a small project and shows that each
is caught."""
import ast, contextlib, io, json, os, re, subprocess, sys, tempfile, warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import pypandoc, yaml

ROOT = Path(__file__).resolve().parents[1]
NBDEV = set('''default_exp export exports exporti export_to exec_doc hide hide_line hide_input hide_output filter_stream collapse_output
    collapse_input notest slow cuda eval echo output all_slow default_cls_lvl skip_showdoc'''.split())
QUARTO = set('''echo eval output include warning error label code-fold code-summary code-overflow code-line-numbers fig-cap fig-alt
    fig-align fig-subcap fig-width fig-height tbl-cap tbl-colwidths layout layout-ncol layout-nrow column classes tags lst-cap
    lst-label fold'''.split())
YES_NO = {'echo','eval','include','warning','error'}
CROSSREF = ('fig','tbl','sec','eq','lst')
GUIDES = ('tutorials','explanations') # folders of pages that lead to the API

def colab(cfg): return 'https://colab.research.google.com/github/'+cfg.git_url.split('github.com/')[-1]+f'/blob/{cfg.branch}/'

problems = []
def problem(where, what): problems.append(f'{where}: {what}') if f'{where}: {what}' not in problems else None

def cells_of(path): return json.loads(path.read_text(encoding='utf-8'))['cells']

def code_options(source):
    "The `#| key: value` lines of a cell."
    return dict(re.findall(r'^#\s*\|\s*([\w-]+)\s*:?\s*(.*?)\s*$', source, flags=re.M))

def pictured(cell): return any(k.startswith('image/') for o in cell.get('outputs', []) for k in o.get('data', {}))

def check_directive(where, line, text):
    "One `#|` line."
    word = re.split(r'[\s:]', text)[0] if text else ''
    if not re.match(r'[\w-]+:(\s|$)', text):
        if word in YES_NO-{'eval'} or word not in NBDEV: problem(where, f'unknown directive {line.strip()!r}')
        return
    try: value = next(iter(yaml.safe_load(text).values()))
    except Exception: return problem(where, f'directive is not YAML: {line.strip()!r}')
    if word not in QUARTO|NBDEV: problem(where, f'unknown directive {line.strip()!r}')
    if word in YES_NO and not isinstance(value, (bool,list)) and value!='fenced': problem(where, f'{word} wants true or false: {line.strip()!r}')
    if word=='code-fold' and value not in (True,False,'show'): problem(where, f'code-fold wants true, false or show: {line.strip()!r}')

def mixes_imports(source):
    "Imports beside other code: nbdev runs such a cell when it makes the docs, without the cells before it."
    flags = set(code_options(source))
    if flags & {'export','exports','exporti','exec_doc','eval'} or 'nbdev_export(' in source or not re.search(r'\bimport\b', source): return False
    try: nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError: return False # a magic
    return any(isinstance(n, (ast.Import,ast.ImportFrom)) for n in nodes) and any(isinstance(n, (ast.Expr,ast.Assign)) for n in nodes)

def check_source(path, name):
    "What gets lost between a notebook and its page."
    titled,cells = False,cells_of(path)
    module = any(re.match(r'#\s*\|\s*default_exp', ''.join(c['source'])) for c in cells)
    for i,cell in enumerate(cells):
        source,where = ''.join(cell['source']),f'{name} cell {i}'
        if cell['cell_type']=='markdown' and not titled and source.lstrip().startswith('# '):
            titled = True
            for l in source.strip().splitlines()[1:]:
                if l.strip() and not re.match(r'\s*(>|- [\w-]+:)', l): problem(where, f'text under the title is dropped by nbdev: {l[:50]!r}')
        if cell['cell_type']!='code': continue
        for l in source.splitlines():
            if m := re.match(r'\s*#\s?\|(.*)', l): check_directive(where, l, m[1].strip())
        if module and mixes_imports(source): problem(where, 'imports mixed with other code: nbdev would run it when it makes the docs')
        if pictured(cell) and not code_options(source).get('fig-alt'): problem(where, 'picture without alt text (#| fig-alt: "...")')
    if not titled: problem(name, 'no title')

def check_guide(path, name, cfg):
    "A badge for Colab and an installation on top of a tutorial, a caption under each picture."
    cells = cells_of(path)
    code,prose = ([''.join(c['source']) for c in cells if c['cell_type']==k] for k in ('code','markdown'))
    if name.parent.name=='tutorials':
        if f']({colab(cfg)}{name.as_posix()})' not in ''.join(prose): problem(name, 'no badge that opens it in Colab')
        if not code or 'google.colab' not in code[0] or '%pip install' not in code[0]: problem(name, 'its first code does not install in Colab')
    for i,(cell,below) in enumerate(zip(cells, [*cells[1:], {}])):
        captioned = re.match(r'\*[^\s*]', ''.join(below.get('source', '')))
        if pictured(cell) and not captioned: problem(f'{name} cell {i}', 'picture without a caption (*in italics*) below')

def check_code(path, name):
    "Code that is whole on its page: nbdev drops lines that begin with %."
    for cell in cells_of(path):
        source = ''.join(cell['source'])
        if cell['cell_type']!='code' or {'echo','include'} & {k for k,v in code_options(source).items() if v=='false'}: continue
        try: ast.parse(re.sub(r'^(\s*)!.*', r'\1pass', source, flags=re.M))
        except SyntaxError as e: problem(name, f'code that is not whole on the page, hide it: {(e.text or source).strip()!r}')

def as_markdown(path):
    "A page as Quarto would hand it to pandoc."
    if path.suffix=='.qmd': return path.read_text(encoding='utf-8')
    out = []
    for cell in cells_of(path):
        source = ''.join(cell['source'])
        if cell['cell_type']!='code': out.append(source); continue
        options,code = code_options(source),re.sub(r'^#\s*\|.*\n?', '', source, flags=re.M)
        if options.get('include')=='false': continue
        if options.get('echo')!='false': out.append(f'```python\n{code}\n```')
        if 'label' in options: out.append(f'[]{{#{options["label"]}}}')
        out += [md for o in cell.get('outputs', []) if (md := ''.join((o.get('data') or {}).get('text/markdown', [])))]
    return '\n\n'.join(out)

def walk(x):
    "Every dict in a tree of dicts and lists."
    if isinstance(x, dict): yield x
    if isinstance(x, (dict,list)):
        for v in (x.values() if isinstance(x, dict) else x): yield from walk(v)

def entries(md):
    "What `show_doc` made: {name: link to its source, '' where there is none}."
    return {n:link for link,n in re.findall(r'^---\n\n(?:\[source\]\((\S+?)\).*\n\n)?#+ (\S+)$', md, flags=re.M)}

def read_page(path, name):
    "Anchors, links, images, references and code in the prose of a page."
    md = as_markdown(path)
    r = subprocess.run([pypandoc.get_pandoc_path(), '-f', 'markdown-blank_before_header', '-t', 'json'], input=md, capture_output=True,
                       text=True, encoding='utf-8')
    page = dict(ids=set(re.findall(r'\{#([\w.-]+)', md)), links=[], images=[], cites=[], codes=[], entries=entries(md),
                output=str(Path(name).with_suffix('.html')), text=md)
    for l in r.stderr.splitlines():
        if r.returncode or l.startswith('[WARNING]'): problem(name, l)
    if r.returncode: return page
    tree,linked = json.loads(r.stdout),set()
    for node in walk(tree):
        kind,c = node.get('t'),node.get('c')
        if kind=='Code' and id(node) not in linked: page['codes'].append(c[1].removesuffix('()'))
        if kind=='Header': page['ids'].add(c[1][0]); linked |= {id(n) for n in walk(c[2])}
        elif kind in ('Div','Span','CodeBlock','Code','Figure','Table'): page['ids'].add(c[0][0])
        elif kind=='Link': page['links'].append(c[2][0]); linked |= {id(n) for n in walk(c[1])}
        elif kind=='Image':
            page['images'].append(c[2][0]); page['ids'].add(c[0][0])
            if not c[1]: problem(name, f'picture without alt text: {c[2][0]}')
        elif kind=='Cite': page['cites'] += [x['citationId'] for x in c[0]]
        elif kind in ('RawInline','RawBlock'):
            page['images'] += re.findall(r'<img[^>]*\ssrc="([^"]+)"', c[1]); page['links'] += re.findall(r'<a[^>]*\shref="([^"]+)"', c[1])
            page['ids'].update(re.findall(r'\s(?:id|name)="([^"]+)"', c[1]))
        elif kind=='Str' and c.startswith((':::','#|')): problem(name, f'markup left over in the text: {c}')
    renamed = ''.join(x['c'] for x in walk(tree['meta'].get('output-file', {})) if x.get('t')=='Str')
    if renamed: page['output'] = str(Path(name).parent/renamed)
    return page

def check_links(name, page, pages, site, cfg):
    "Links of one page: to pages, to their anchors, to files of the repository."
    outputs = {p['output']:p for p in pages.values()}
    base = (cfg.doc_host+cfg.doc_baseurl).rstrip('/')+'/'
    sources = (f'{cfg.git_url}/blob/{cfg.branch}/', colab(cfg))
    for link in page['links']:
        file,_,anchor = link.partition('#')
        repo_file = next((file[len(s):] for s in sources if file.startswith(s)), None)
        if repo_file is not None:
            if not (cfg.config_path/repo_file).exists(): problem(name, f'broken link to a file of the repository: {link}')
            continue
        if (file+'/').startswith(base):
            target = outputs.get(file[len(base):].strip('/') or 'index.html')
            if target is None: problem(name, f'broken link to a page that is not built: {link}'); continue
        elif re.match(r'[a-z]+:', link): continue
        elif not file: target = page
        else:
            path = os.path.normpath(Path(name).parent/file)
            target = pages.get(path) or outputs.get(path)
            if target is None:
                if not (site/path).exists(): problem(name, f'broken link: {link}')
                continue
        if anchor and anchor not in target['ids'] and anchor.lower() not in target['ids']: problem(name, f'broken anchor: {link}')

def check_navigation(site, pages, root):
    "Sidebar and navigation bar name pages that exist, the sidebar leads to every page once, and every page to its source."
    config = {}
    def read(path):
        try: return yaml.safe_load(path.read_text(encoding='utf-8')) or {}
        except (OSError,yaml.YAMLError) as e: problem(path.name, str(e).splitlines()[0]); return {}
    config = read(site/'_quarto.yml')
    website,extra = config.get('website', {}),[read(site/f) for f in config.get('metadata-files', [])]
    sidebar = [website.get('sidebar', {}), *(e.get('website', {}).get('sidebar', {}) for e in extra)]
    found = set()
    for entry in [*sidebar, website.get('navbar', {})]:
        named = []
        for n in walk(entry):
            c = n.get('contents', [])
            named += [x for x in (c if isinstance(c, list) else [c]) if isinstance(x, str)]
            named += [n[k] for k in ('href','file') if isinstance(n.get(k), str)]
            named += [x for k in ('left','right') for x in n.get(k, []) if isinstance(x, str)]
        for f in named:
            if re.match(r'[a-z]+:', f): continue
            hits = {str(p.relative_to(site)) for p in site.glob(f)} & set(pages) if '*' in f else {f} & set(pages)
            if not hits: problem('_quarto.yml', f'no such page: {f}')
            if re.match(r'[^*]*/[^*/]+\*', f): problem('_quarto.yml', f'Quarto would make a section of the folder: {f} (write folder/**/0*.ipynb)')
            if entry in sidebar:
                for p in sorted(found & hits): problem('_quarto.yml', f'page twice in the sidebar: {p}')
                found |= hits
    for p in sorted(set(pages)-found): problem('_quarto.yml', f'page not in the sidebar: {p}')
    if 'source' in website.get('repo-actions', []) and not all((root/website.get('repo-subdir', '')/p).exists() for p in pages):
        problem('_quarto.yml', '"View source" leads nowhere: repo-subdir is the folder of the notebooks')
    for css in [config.get('format', {}).get('html', {}).get('css', [])]:
        for f in [css] if isinstance(css, str) else css:
            if not (site/f).exists(): problem('_quarto.yml', f'no such file: {f}')

def check_names(cfg, pages):
    "Every public name of the library has an entry with a docstring and a link to its source, and prose that names it links there."
    def tell(module, what, names): names and problem(module, f'{what}: {", ".join(names)}')
    ids = {i.lower() for p in pages.values() for i in p['ids']}
    for path in sorted(cfg.lib_path.rglob('*.py')):
        if path.stem.startswith('_'): continue
        tree,module = ast.parse(path.read_text(encoding='utf-8')),f'{cfg.lib_path.name}.{path.stem}'
        public = next((ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id=='__all__'), [])
        defs = {n.name:n for n in tree.body if isinstance(n, (ast.FunctionDef,ast.AsyncFunctionDef,ast.ClassDef))}
        page = next((p for p in pages.values() if Path(p['output']).stem==path.stem), None)
        if page is None: problem(module, 'has no page'); continue
        constants = [n for n in public if n not in defs and not re.search(rf'\b{re.escape(n)}\b', page['text'])]
        tell(module, 'public name without docs', [n for n in public if n in defs and n.lower() not in ids])
        tell(module, 'public name without a link to its source', [n for n in public if n in defs and page['entries'].get(n)==''])
        for where,p in pages.items(): tell(where, f'name of {module} without a link', sorted({n for n in public if n in defs and n in p['codes']}))
        tell(module, 'public name without a docstring', [n for n in public if n in defs and n.lower() in ids and not ast.get_docstring(defs[n])])
        tell(module, 'public name without docs (#| exports shows its cell, a leading underscore makes it private)', constants)

def check_project(root):
    "Check the project in `root`; writes there."
    os.chdir(root); sys.path.insert(0, str(root))
    from nbdev.config import get_config
    from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
    from nbdev import serve, serve_drv
    cfg = get_config()
    for p in sorted(cfg.nbs_path.rglob('*.ipynb')):
        if '.ipynb_checkpoints' in p.parts: continue
        check_source(p, p.relative_to(root))
        if p.parent.name in GUIDES: check_guide(p, p.relative_to(root), cfg)
    process = serve_drv.main
    def process_or_tell(job):
        try: process(job)
        except Exception as e: problem(job[0].relative_to(root), f'nbdev cannot process it: {e.__cause__ or ""}\n{e}'.strip())
    serve_drv.main = process_or_tell
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        refresh_quarto_yml()
        nbdev_sidebar.__wrapped__()
        site = serve.proc_nbs(n_workers=0, force=True) # nbdev_proc_nbs would install Quarto and the package
    pages = {str(n):read_page(p, n) for p in sorted([*site.rglob('*.ipynb'), *site.rglob('*.qmd')]) for n in [p.relative_to(site)]}
    for n in pages: n.endswith('.ipynb') and check_code(site/n, n)
    for folder in GUIDES:
        links = [p['links'] for n,p in pages.items() if Path(n).parent.name==folder]
        if links and not any('/api/' in l for l in sum(links, [])): problem(folder, 'no page links to the API')
    everywhere = set().union(*(p['ids'] for p in pages.values()))
    for name,page in pages.items():
        check_links(name, page, pages, site, cfg)
        for i in page['images']:
            if not re.match(r'(https?|data|attachment):', i) and not (site/Path(name).parent/i).exists(): problem(name, f'missing image: {i}')
        for c in page['cites']:
            if c not in everywhere: problem(name, f'unresolved reference: @{c}'+('' if c.split('-')[0] in CROSSREF else ' (write `@` in code, or \\@)'))
    check_navigation(site, pages, root)
    check_names(cfg, pages)
    for name in ('README.md','CONTRIBUTING.md','CHANGELOG.md'):
        if not (root/name).exists(): continue
        page = read_page((root/name).rename((root/name).with_suffix('.qmd')), name)
        for l in [*page['links'], *page['images']]:
            file = l.split('#')[0]
            if file and not re.match(r'[a-z]+:', l) and not (root/file).exists() and not (root/file).with_suffix('.qmd').exists():
                problem(name, f'broken link: {l}')
        check_links(name, dict(page, links=[l for l in page['links'] if re.match(r'[a-z]+:', l)]), pages, site, cfg)
    return len(pages)


# A small project, and the errors planted in it: {name: (what `make_mini` is told, what must be said)}
SETTINGS = '''[DEFAULT]
repo = mini
lib_name = mini
version = 0.0.1
min_python = 3.9
license = apache2
doc_path = _docs
lib_path = mini
nbs_path = nbs
recursive = True
branch = main
custom_sidebar = True
custom_quarto_yml = True
doc_host = https://example.org
doc_baseurl = /mini
git_url = https://github.com/example/mini
title = mini
author = nobody
author_email = nobody@example.org
copyright = nobody
description = A project to plant errors in
keywords = none
language = English
status = 3
user = example
'''
QUARTO_YML = '''project: {type: website}
metadata-files: [nbdev.yml]
website:
  repo-subdir: nbs
  repo-actions: [source]
  sidebar:
    contents:
      - index.ipynb
      - section: Tutorials
        contents: tutorials/*.ipynb
      - section: API
        contents: api/**/0*.ipynb
'''
def _md(text): return dict(cell_type='markdown', id='m', metadata={}, source=text)
def _py(text, *outputs): return dict(cell_type='code', id='c', metadata={}, source=text, execution_count=None, outputs=list(outputs))

PICTURE = dict(output_type='display_data', metadata={}, data={'image/png':''})
GOOD = [_py('#| default_exp thing'), _md('See [home](../index.ipynb#start), `double` and @fig-square.\n\n![A square](square.png){#fig-square}'),
        _py('#| export\ndef double(x):\n    "Twice `x`."\n    return 2*x'), _py('#| code-fold: true\ndouble(2)')]
BADGE = '[Open in Colab](https://colab.research.google.com/github/example/mini/blob/main/nbs/tutorials/01_first.ipynb)'
TRIPLE = '#| export\ndef triple(x):\n    "Thrice `x`."\n    return 3*x'
TUTORIAL = dict(badge=_md(BADGE), install=_py("#| hide\nimport sys\nif 'google.colab' in sys.modules:\n    %pip install -q mini"),
                text=_md('Here `double()` is used.'), picture=_py('#| fig-alt: "A square"\nshow(2)', PICTURE), caption=_md('*A square.*'))
PLANTED = {
    'unknown directive':         (dict(cells=[_py('#| exprot\n1')]), "unknown directive '#| exprot'"),
    'misspelt option':           (dict(cells=[_py('#| fig-atl: "x"\n1')]), "unknown directive '#| fig-atl"),
    'mixed imports':             (dict(cells=[_py('import math\nmath.pi')]), 'imports mixed with other code'),
    'dropped text':              (dict(title='\n\nText under the title.'), "text under the title is dropped by nbdev: 'Text under"),
    'dropped code':              (dict(cells=[_py('if 2>1:\n    %pip list')]), "code that is not whole on the page, hide it: 'if 2>1:'"),
    'broken link':               (dict(cells=[_md('[x](nowhere.ipynb)')]), 'broken link: nowhere.ipynb'),
    'broken link to the site':   (dict(cells=[_md('[x](https://example.org/mini/api/nowhere.html)')]), 'broken link to a page that is not built'),
    'broken link to the source': (dict(cells=[_md('[x](https://github.com/example/mini/blob/main/nowhere.py)')]), 'broken link to a file of the repository'),
    'broken anchor':             (dict(cells=[_md('[x](../index.ipynb#nowhere)')]), 'broken anchor: ../index.ipynb#nowhere'),
    'missing image':             (dict(cells=[_md('![x](nowhere.png)')]), 'missing image: nowhere.png'),
    'missing alt text':          (dict(cells=[_md('![](square.png)')]), 'picture without alt text: square.png'),
    'missing alt text of a plot':(dict(cells=[_py('show(2)', PICTURE)]), 'picture without alt text (#| fig-alt'),
    'missing caption':           (dict(tutorial=dict(caption=_md('A square.'))), 'picture without a caption'),
    'unresolved cross-reference':(dict(cells=[_md('See @fig-nowhere.')]), 'unresolved reference: @fig-nowhere'),
    'tutorial without badge':    (dict(tutorial=dict(badge=_md('Colab opens it.'))), 'no badge that opens it in Colab'),
    'badge of another notebook': (dict(tutorial=dict(badge=_md(BADGE.replace('tutorials/01_first', 'index')))), 'no badge that opens it in Colab'),
    'tutorial without install':  (dict(tutorial=dict(install=_py('import sys'))), 'its first code does not install in Colab'),
    'tutorials without links':   (dict(tutorial=dict(text=_md('Here nothing is used.'))), 'no page links to the API'),
    'name without a link':       (dict(cells=[_md('- what\n\n    `double` does')]), 'name of mini.thing without a link: double'),
    'missing sidebar page':      (dict(quarto=('- index.ipynb\n', '- index.ipynb\n      - nowhere.ipynb\n')), 'no such page: nowhere.ipynb'),
    'page not in the sidebar':   (dict(pages=['lost']), 'page not in the sidebar: lost.ipynb'),
    'page twice in the sidebar': (dict(quarto=('- index.ipynb\n', '- index.ipynb\n      - index.ipynb\n')), 'page twice in the sidebar: index.ipynb'),
    'glob that makes a section': (dict(quarto=('api/**/0*', 'api/0*')), 'Quarto would make a section of the folder: api/0*.ipynb'),
    'View source to nowhere':    (dict(quarto=('repo-subdir: nbs', 'repo-subdir: docs')), '"View source" leads nowhere'),
    'public name without docs':  (dict(cells=[_py('#| hide\n'+TRIPLE)]), 'public name without docs: triple'),
    'name without a source link':(dict(cells=[_py(TRIPLE)], unknown='triple'), 'public name without a link to its source: triple'),
    'constant without docs':     (dict(cells=[_py('#| export\nLIMIT = 3')]), 'a leading underscore makes it private): LIMIT'),
    'missing docstring':         (dict(cells=[_py('#| export\ndef triple(x): return 3*x')]), 'public name without a docstring: triple'),
}

def make_mini(root, cells=(), title='', tutorial=None, pages=(), quarto=('',''), unknown=''):
    "Write the small project, with more `cells` in its module, other parts of its tutorial, a replacement in `_quarto.yml`, an `unknown` name."
    def write(name, cells): (root/name).parent.mkdir(parents=True, exist_ok=True); (root/name).write_text(json.dumps(dict(
        cells=cells, metadata=dict(kernelspec=dict(display_name='python3', language='python', name='python3')), nbformat=4, nbformat_minor=5)))
    write('nbs/index.ipynb', [_md('# Mini\n\n> A small project'), _md('## Start\n\nHere.')])
    write('nbs/api/00_thing.ipynb', [_md('# Thing\n\n> A thing'+title), *GOOD, *cells])
    write('nbs/tutorials/01_first.ipynb', [_md('# First\n\n> A tutorial'), *{**TUTORIAL, **(tutorial or {})}.values()])
    for name in pages: write(f'nbs/{name}.ipynb', [_md('# Lost\n\n> Nobody finds it')])
    for folder in ('mini','mini-0.0.1.dist-info'): (root/folder).mkdir()
    for name,text in (('settings.ini',SETTINGS), ('nbs/_quarto.yml',QUARTO_YML.replace(*quarto)), ('nbs/api/square.png',''), ('README.md','# Mini\n'),
                      ('mini/__init__.py','__version__ = "0.0.1"\n'), ('mini-0.0.1.dist-info/METADATA','Name: mini\nVersion: 0.0.1\n'),
                      ('mini-0.0.1.dist-info/entry_points.txt','[nbdev]\nmini = mini._modidx:d\n')): (root/name).write_text(text)
    subprocess.run([str(Path(sys.executable).parent/'nbdev_export')], cwd=root, check=True, env={**os.environ, 'PYTHONPATH':str(root)})
    index = root/'mini'/'_modidx.py' # where nbdev looks names up
    if unknown: index.write_text(index.read_text().replace(f'.{unknown}', '.other'))

def check_mini(planted):
    "Problems found in the small project."
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp).resolve()/'mini_project'
        make_mini(root, **planted)
        r = subprocess.run([sys.executable, __file__, '--in-place', str(root)], cwd=root, capture_output=True, text=True,
                           env={**os.environ, 'PYTHONPATH':str(root)})
    return r.stdout.splitlines()[:-1] if r.returncode in (0,1) and r.stdout else [r.stderr]

def self_test():
    "Each planted error is found, and nothing is found where nothing is wrong."
    missed = False
    with ThreadPoolExecutor(2) as pool:
        for name,found in zip(['', *PLANTED], pool.map(check_mini, [{}, *(how for how,_ in PLANTED.values())])):
            ok = len(found)==1 and PLANTED[name][1] in found[0] if name else not found
            print(f'{"caught" if ok else "missed"} {name or "nothing where nothing is wrong"}: {"; ".join(found) or "nothing found"}', flush=True)
            missed |= not ok
    return missed

def main(args):
    if '--self-test' in args: return self_test()
    if '--in-place' in args: n = check_project(Path(args[-1]).resolve())
    else:
        from test import copy_project
        with tempfile.TemporaryDirectory(prefix='midikompanion-docs-') as tmp:
            copy_project(root := Path(tmp).resolve()/'project')
            n = check_project(root)
            os.chdir(ROOT)
    print('\n'.join([*problems, f'{n} pages, {len(problems)} problems']))
    return bool(problems)

if __name__=='__main__': sys.exit(main(sys.argv[1:]))
