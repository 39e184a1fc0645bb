"""The documentation as Quarto would get it, checked without Quarto: python tools/check_docs.py [--self-test]

Unknown directives, text and code that nbdev would drop, links and anchors, images, their alt text and captions,
cross-references, sidebar and navigation bar, badge and installation of tutorials, a docs entry with a link to its
source for every public name, links to these entries, and links that nbdev puts inside signatures. Works on a copy.
`--self-test` plants one error of each kind in a small project and shows that each is caught (docs_self_test.py)."""
import ast, contextlib, io, json, os, re, subprocess, sys, tempfile, warnings
from pathlib import Path
import pypandoc, yaml

ROOT = Path(__file__).resolve().parents[1]
NBDEV = set('''default_exp export exports exporti export_to exec_doc hide hide_line hide_input hide_output filter_stream
    collapse_output collapse_input notest slow cuda eval echo output all_slow default_cls_lvl skip_showdoc'''.split())
QUARTO = set('''echo eval output include warning error label code-fold code-summary code-overflow code-line-numbers
    fig-cap fig-alt fig-align fig-subcap fig-width fig-height tbl-cap tbl-colwidths layout layout-ncol layout-nrow
    column classes tags lst-cap lst-label fold'''.split())
YES_NO = {'echo', 'eval', 'include', 'warning', 'error'}
CROSSREF = ('fig', 'tbl', 'sec', 'eq', 'lst')
GUIDES = ('tutorials', 'explanations') # folders of pages that lead to the API
ANCHORED = ('Div', 'Span', 'CodeBlock', 'Code', 'Figure', 'Table') # pandoc's elements that can carry an identifier

problems = []

def problem(where, what):
    "Note what is wrong, once."
    text = f'{where}: {what}'
    if text not in problems: problems.append(text)

def colab(cfg):
    "Where Colab opens the notebooks of the repository."
    return 'https://colab.research.google.com/github/'+cfg.git_url.split('github.com/')[-1]+f'/blob/{cfg.branch}/'

def cells_of(path): return json.loads(path.read_text(encoding='utf-8'))['cells']

def source_of(cell): return ''.join(cell['source'])

def code_options(source):
    "The `#| key: value` lines of a cell."
    return dict(re.findall(r'^#\s*\|\s*([\w-]+)\s*:?\s*(.*?)\s*$', source, flags=re.M))

def pictured(cell):
    "Whether a cell shows a picture."
    return any(kind.startswith('image/') for output in cell.get('outputs', []) for kind in output.get('data', {}))


# The source of one notebook

def check_directive(where, line, text):
    "One `#|` line."
    word = re.split(r'[\s:]', text)[0] if text else ''
    unknown = f'unknown directive {line.strip()!r}'
    if not re.match(r'[\w-]+:(\s|$)', text):
        if word in YES_NO-{'eval'} or word not in NBDEV: problem(where, unknown)
        return
    try: value = next(iter(yaml.safe_load(text).values()))
    except Exception: return problem(where, f'directive is not YAML: {line.strip()!r}')
    if word not in QUARTO|NBDEV: problem(where, unknown)
    if word in YES_NO and not isinstance(value, (bool, list)) and value!='fenced':
        problem(where, f'{word} wants true or false: {line.strip()!r}')
    if word=='code-fold' and value not in (True, False, 'show'):
        problem(where, f'code-fold wants true, false or show: {line.strip()!r}')

def mixes_imports(source):
    "Imports beside other code: nbdev runs such a cell when it makes the docs, without the cells before it."
    flags = set(code_options(source))
    if flags & {'export', 'exports', 'exporti', 'exec_doc', 'eval'} or 'nbdev_export(' in source: return False
    if not re.search(r'\bimport\b', source): return False
    try: nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError: return False # a magic
    has_import = any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in nodes)
    return has_import and any(isinstance(n, (ast.Expr, ast.Assign)) for n in nodes)

def check_title(source, name):
    "nbdev keeps the title, the `>` line and `- key: value` lines of the first cell, and drops the rest."
    for line in source.strip().splitlines()[1:]:
        if line.strip() and not re.match(r'\s*(>|- [\w-]+:)', line):
            problem(name, f'text under the title is dropped by nbdev: {line[:50]!r}')

def check_source(path, name):
    "What gets lost between a notebook and its page."
    titled, cells = False, cells_of(path)
    module = any(re.match(r'#\s*\|\s*default_exp', source_of(c)) for c in cells)
    for i, cell in enumerate(cells):
        source, where = source_of(cell), f'{name} cell {i}'
        if cell['cell_type']=='markdown' and not titled and source.lstrip().startswith('# '):
            titled = True
            check_title(source, where)
        if cell['cell_type']!='code': continue
        for line in source.splitlines():
            if m := re.match(r'\s*#\s?\|(.*)', line): check_directive(where, line, m[1].strip())
        if module and mixes_imports(source):
            problem(where, 'imports mixed with other code: nbdev would run it when it makes the docs')
        if pictured(cell) and not code_options(source).get('fig-alt'):
            problem(where, 'picture without alt text (#| fig-alt: "...")')
    if not titled: problem(name, 'no title')

def check_guide(path, name, cfg):
    "A badge for Colab and an installation on top of a tutorial, a caption under each picture."
    cells = cells_of(path)
    code = [source_of(c) for c in cells if c['cell_type']=='code']
    prose = ''.join(source_of(c) for c in cells if c['cell_type']=='markdown')
    if name.parent.name=='tutorials':
        if f']({colab(cfg)}{name.as_posix()})' not in prose: problem(name, 'no badge that opens it in Colab')
        if not code or 'google.colab' not in code[0] or '%pip install' not in code[0]:
            problem(name, 'its first code does not install in Colab')
    for i, (cell, below) in enumerate(zip(cells, [*cells[1:], {}])):
        captioned = re.match(r'\*[^\s*]', ''.join(below.get('source', '')))
        if pictured(cell) and not captioned:
            problem(f'{name} cell {i}', 'picture without a caption (*in italics*) below')

def check_code(path, name):
    "Code that is whole on its page: nbdev drops lines that begin with %."
    for cell in cells_of(path):
        source = source_of(cell)
        if cell['cell_type']!='code': continue
        if any(code_options(source).get(key)=='false' for key in ('echo', 'include')): continue
        try: ast.parse(re.sub(r'^(\s*)!.*', r'\1pass', source, flags=re.M))
        except SyntaxError as e:
            problem(name, f'code that is not whole on the page, hide it: {(e.text or source).strip()!r}')


# A page as pandoc reads it

def as_markdown(path):
    "A page as Quarto would hand it to pandoc."
    if path.suffix=='.qmd': return path.read_text(encoding='utf-8')
    parts = []
    for cell in cells_of(path):
        source = source_of(cell)
        if cell['cell_type']!='code': parts.append(source); continue
        options, code = code_options(source), re.sub(r'^#\s*\|.*\n?', '', source, flags=re.M)
        if options.get('include')=='false': continue
        if options.get('echo')!='false': parts.append(f'```python\n{code}\n```')
        if 'label' in options: parts.append(f'[]{{#{options["label"]}}}')
        shown = [''.join((o.get('data') or {}).get('text/markdown', [])) for o in cell.get('outputs', [])]
        parts += filter(None, shown)
    return '\n\n'.join(parts)

def walk(tree):
    "Every dict in a tree of dicts and lists."
    if isinstance(tree, dict): yield tree
    if isinstance(tree, (dict, list)):
        for branch in (tree.values() if isinstance(tree, dict) else tree): yield from walk(branch)

def entries(md):
    "What `show_doc` made: {name: link to its source, '' where there is none}."
    found = re.findall(r'^---\n\n(?:\[source\]\((\S+?)\).*\n\n)?#+ (\S+)$', md, flags=re.M)
    return {name: link for link, name in found}

def signatures(md):
    "The code blocks below the headings of `show_doc`'s entries."
    return re.findall(r'^---\n\n(?:\[source\].*\n\n)?#+ \S+\n\n(```.*?```|>.*?\n\n|<.*?>\n\n)', md, flags=re.M|re.S)

class Page:
    "Anchors, links, images, references and code in the prose of a page."
    def __init__(self, path, name):
        self.text = as_markdown(path)
        self.output = str(Path(name).with_suffix('.html'))
        self.ids = set(re.findall(r'\{#([\w.-]+)', self.text))
        self.entries = entries(self.text)
        self.links, self.images, self.cites, self.codes = [], [], [], []
        for signature in signatures(self.text):
            if '](' in signature: problem(name, f'link inside a signature, drop the backticks: {signature[:60]!r}')
        result = subprocess.run([pypandoc.get_pandoc_path(), '-f', 'markdown-blank_before_header', '-t', 'json'],
                                input=self.text, capture_output=True, text=True, encoding='utf-8')
        for line in result.stderr.splitlines():
            if result.returncode or line.startswith('[WARNING]'): problem(name, line)
        if not result.returncode: self._read(json.loads(result.stdout), name)

    def _read(self, tree, name):
        linked = set() # nodes in headings and links: their code is no mention that could be linked
        for node in walk(tree):
            kind, content = node.get('t'), node.get('c')
            if kind=='Code' and id(node) not in linked: self.codes.append(content[1].removesuffix('()'))
            if kind=='Header':
                self.ids.add(content[1][0])
                linked |= {id(n) for n in walk(content[2])}
            elif kind in ANCHORED: self.ids.add(content[0][0])
            elif kind=='Link':
                self.links.append(content[2][0])
                linked |= {id(n) for n in walk(content[1])}
            elif kind=='Image':
                self.images.append(content[2][0])
                self.ids.add(content[0][0])
                if not content[1]: problem(name, f'picture without alt text: {content[2][0]}')
            elif kind=='Cite': self.cites += [cite['citationId'] for cite in content[0]]
            elif kind in ('RawInline', 'RawBlock'): self._read_html(content[1])
            elif kind=='Str' and content.startswith((':::', '#|')):
                problem(name, f'markup left over in the text: {content}')
        renamed = ''.join(n['c'] for n in walk(tree['meta'].get('output-file', {})) if n.get('t')=='Str')
        if renamed: self.output = str(Path(name).parent/renamed)

    def _read_html(self, html):
        self.images += re.findall(r'<img[^>]*\ssrc="([^"]+)"', html)
        self.links += re.findall(r'<a[^>]*\shref="([^"]+)"', html)
        self.ids.update(re.findall(r'\s(?:id|name)="([^"]+)"', html))


# The site

def check_links(name, links, page, pages, site, cfg):
    "Links of one page: to pages, to their anchors, to files of the repository."
    outputs = {p.output: p for p in pages.values()}
    base = (cfg.doc_host+cfg.doc_baseurl).rstrip('/')+'/'
    sources = (f'{cfg.git_url}/blob/{cfg.branch}/', colab(cfg))
    for link in links:
        file, _, anchor = link.partition('#')
        in_repository = next((file[len(s):] for s in sources if file.startswith(s)), None)
        if in_repository is not None:
            if not (cfg.config_path/in_repository).exists():
                problem(name, f'broken link to a file of the repository: {link}')
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
        if anchor and anchor not in target.ids and anchor.lower() not in target.ids:
            problem(name, f'broken anchor: {link}')

def read_yaml(path):
    try: return yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (OSError, yaml.YAMLError) as e: problem(path.name, str(e).splitlines()[0])
    return {}

def named_pages(entry):
    "Pages and globs that a sidebar or a navigation bar names."
    names = []
    for node in walk(entry):
        contents = node.get('contents', [])
        names += [x for x in (contents if isinstance(contents, list) else [contents]) if isinstance(x, str)]
        names += [node[key] for key in ('href', 'file') if isinstance(node.get(key), str)]
        names += [x for side in ('left', 'right') for x in node.get(side, []) if isinstance(x, str)]
    return [n for n in names if not re.match(r'[a-z]+:', n)]

def check_navigation(site, pages, root):
    "Sidebar and navigation bar name pages that exist, the sidebar leads to every page once, every page to its source."
    config = read_yaml(site/'_quarto.yml')
    website = config.get('website', {})
    extra = [read_yaml(site/f) for f in config.get('metadata-files', [])]
    sidebars = [website.get('sidebar', {}), *(e.get('website', {}).get('sidebar', {}) for e in extra)]
    reached = set()
    for entry in [*sidebars, website.get('navbar', {})]:
        for glob in named_pages(entry):
            hits = {glob} & set(pages)
            if '*' in glob: hits = {str(p.relative_to(site)) for p in site.glob(glob)} & set(pages)
            if not hits: problem('_quarto.yml', f'no such page: {glob}')
            if re.match(r'[^*]*/[^*/]+\*', glob):
                problem('_quarto.yml', f'Quarto would make a section of the folder: {glob} (write folder/**/0*.ipynb)')
            if entry in sidebars:
                for page in sorted(reached & hits): problem('_quarto.yml', f'page twice in the sidebar: {page}')
                reached |= hits
    for page in sorted(set(pages)-reached): problem('_quarto.yml', f'page not in the sidebar: {page}')
    subdir = website.get('repo-subdir', '')
    if 'source' in website.get('repo-actions', []) and not all((root/subdir/p).exists() for p in pages):
        problem('_quarto.yml', '"View source" leads nowhere: repo-subdir is the folder of the notebooks')
    css = config.get('format', {}).get('html', {}).get('css', [])
    for file in [css] if isinstance(css, str) else css:
        if not (site/file).exists(): problem('_quarto.yml', f'no such file: {file}')

def public_names(tree):
    "What `__all__` of a module lists."
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id=='__all__': return ast.literal_eval(node.value)
    return []

def check_module(path, page, pages, everywhere, cfg):
    "Docs entries, links to the source and docstrings of one module's public names, and links to them in prose."
    module = '.'.join(path.relative_to(cfg.lib_path.parent).with_suffix('').parts)
    def tell(where, what, names):
        if names: problem(where, f'{what}: {", ".join(names)}')
    tree = ast.parse(path.read_text(encoding='utf-8'))
    public = public_names(tree)
    defs = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    defined, constants = [n for n in public if n in defs], [n for n in public if n not in defs]
    tell(module, 'public name without docs', [n for n in defined if n.lower() not in everywhere])
    tell(module, 'public name without a link to its source', [n for n in defined if page.entries.get(n)==''])
    tell(module, 'public name without a docstring',
         [n for n in defined if n.lower() in everywhere and not ast.get_docstring(defs[n])])
    tell(module, 'public name without docs (#| exports shows its cell, a leading underscore makes it private)',
         [n for n in constants if not re.search(rf'\b{re.escape(n)}\b', page.text)])
    for where, other in pages.items():
        tell(where, f'name of {module} without a link', sorted(set(defined) & set(other.codes)))

def check_names(cfg, pages):
    "Every public name of the library has an entry with a docstring and a link to its source; prose links there."
    everywhere = {i.lower() for p in pages.values() for i in p.ids}
    by_output = {Path(p.output).with_suffix(''): p for p in pages.values()}
    for path in sorted(cfg.lib_path.rglob('*.py')):
        if path.stem.startswith('_'): continue
        place = path.relative_to(cfg.lib_path).with_suffix('')
        page = by_output.get(Path('api')/place)
        if page is None: problem(f'{cfg.lib_path.name}.{".".join(place.parts)}', 'has no page'); continue
        check_module(path, page, pages, everywhere, cfg)

def check_markdown(root, pages, site, cfg):
    "README and the like lead to files and pages that exist."
    for name in ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'):
        if not (root/name).exists(): continue
        page = Page((root/name).rename((root/name).with_suffix('.qmd')), name)
        for link in [*page.links, *page.images]:
            file = root/link.split('#')[0]
            if link.startswith('#') or re.match(r'[a-z]+:', link): continue
            if not file.exists() and not file.with_suffix('.qmd').exists(): problem(name, f'broken link: {link}')
        outside = [link for link in page.links if re.match(r'[a-z]+:', link)]
        check_links(name, outside, page, pages, site, cfg)

def build_site(cfg, root):
    "The folder of pages as nbdev hands them to Quarto; a page that it cannot process is a problem."
    from nbdev import serve, serve_drv
    from nbdev.quarto import nbdev_sidebar, refresh_quarto_yml
    process = serve_drv.main
    def process_or_tell(job):
        try: process(job)
        except Exception as e:
            problem(job[0].relative_to(root), f'nbdev cannot process it: {e.__cause__ or ""}\n{e}'.strip())
    serve_drv.main = process_or_tell
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        refresh_quarto_yml()
        nbdev_sidebar.__wrapped__()
        return serve.proc_nbs(n_workers=0, force=True) # nbdev_proc_nbs would install Quarto and the package

def check_project(root):
    "Check the project in `root`; writes there. Returns the number of pages."
    os.chdir(root); sys.path.insert(0, str(root))
    from nbdev.config import get_config
    cfg = get_config()
    for path in sorted(cfg.nbs_path.rglob('*.ipynb')):
        if '.ipynb_checkpoints' in path.parts: continue
        check_source(path, path.relative_to(root))
        if path.parent.name in GUIDES: check_guide(path, path.relative_to(root), cfg)
    site = build_site(cfg, root)
    paths = sorted([*site.rglob('*.ipynb'), *site.rglob('*.qmd')])
    pages = {str(p.relative_to(site)): Page(p, p.relative_to(site)) for p in paths}
    for name in pages:
        if name.endswith('.ipynb'): check_code(site/name, name)
    for folder in GUIDES:
        links = [p.links for name, p in pages.items() if Path(name).parent.name==folder]
        if links and not any('/api/' in link for link in sum(links, [])): problem(folder, 'no page links to the API')
    everywhere = set().union(*(p.ids for p in pages.values()))
    for name, page in pages.items():
        check_links(name, page.links, page, pages, site, cfg)
        for image in page.images:
            if not re.match(r'(https?|data|attachment):', image) and not (site/Path(name).parent/image).exists():
                problem(name, f'missing image: {image}')
        for cite in set(page.cites)-everywhere:
            hint = '' if cite.split('-')[0] in CROSSREF else ' (write `@` in code, or \\@)'
            problem(name, f'unresolved reference: @{cite}{hint}')
    check_navigation(site, pages, root)
    check_names(cfg, pages)
    check_markdown(root, pages, site, cfg)
    return len(pages)

def main(args):
    if '--self-test' in args:
        from docs_self_test import self_test
        return self_test()
    if '--in-place' in args: count = check_project(Path(args[-1]).resolve())
    else:
        from test import copy_project
        with tempfile.TemporaryDirectory(prefix='midikompanion-docs-') as tmp:
            copy_project(root := Path(tmp).resolve()/'project')
            count = check_project(root)
            os.chdir(ROOT)
    print('\n'.join([*problems, f'{count} pages, {len(problems)} problems']))
    return bool(problems)

if __name__=='__main__': sys.exit(main(sys.argv[1:]))
