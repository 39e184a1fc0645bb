"README.md from nbs/index.ipynb, without Quarto. `--check` says whether it is stale."
import base64, json, re, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = 'nbs/index.ipynb'
NOTE = f'<!-- Made from {NOTEBOOK} by `make readme`: edit the notebook. -->\n'

def _from_root(md):
    "Links and images of a page in nbs/ as seen from the top level."
    def fix(m):
        target = m[2]
        if re.match(r'[a-z]+:|#|/', target): return m[0]
        return m[1]+(target[3:] if target.startswith('../') else 'nbs/'+target)
    fences = re.split(r'(```.*?```)', md, flags=re.S) # code stays as it is
    return ''.join(p if p.startswith('```') else re.sub(r'(\]\()([^)\s]+)', fix, p) for p in fences)

def _title(md):
    "H1 stays; the `>` line under it becomes a sentence; nbdev's `- key: value` lines go."
    lines = md.strip().splitlines()
    if not lines or not lines[0].startswith('# '): return md
    return '\n'.join(re.sub(r'^> *', '', l) for l in lines if not re.match(r'- [\w-]+:', l))

def _output(out, picture, alt):
    "One output as Markdown; `picture` takes the bytes of a picture and returns its path."
    data = out.get('data', {})
    if 'image/png' in data: return f'![{alt}]({picture(base64.b64decode("".join(data["image/png"])))})'
    if 'text/markdown' in data: return ''.join(data['text/markdown'])
    if 'text/html' in data and 'audio' in ''.join(data['text/html']): return '' # a player has no place in a README
    text = ''.join(out.get('text') or data.get('text/plain') or [])
    return f'```\n{text.rstrip()}\n```' if text.strip() else ''

def _flags(cell):
    "The `#| key: value` lines of a code cell."
    if cell['cell_type']!='code': return {}
    return dict(re.findall(r'^#\s*\|\s*([\w-]+):?\s*(.*?)\s*$', ''.join(cell['source']), flags=re.M))

def make_readme(root=ROOT):
    "What belongs in the repository: {path: bytes} of README.md and its pictures."
    files, parts = {}, []
    def picture(content):
        path = f'nbs/images/readme_{len(files)+1}.png'
        files[path] = content
        return path
    cells = json.loads((Path(root)/NOTEBOOK).read_text(encoding='utf-8'))['cells']
    for i, cell in enumerate(cells):
        source, flags = ''.join(cell['source']), _flags(cell)
        if flags.get('include')=='false' or 'hide' in flags: continue
        if cell['cell_type']=='markdown': parts.append(_from_root(_title(source) if i==0 else source))
        if cell['cell_type']!='code': continue
        code = re.sub(r'^#\s*\|.*\n?', '', source, flags=re.M).strip('\n')
        if code and flags.get('echo')!='false' and 'hide_input' not in flags: parts.append(f'```python\n{code}\n```')
        if flags.get('output')=='false' or 'hide_output' in flags: continue
        alt = flags.get('fig-alt', '').strip('"')
        parts += [_output(output, picture, alt) for output in cell.get('outputs', [])]
    text = '\n\n'.join(part.strip('\n') for part in parts if part.strip())
    files['README.md'] = (NOTE+'\n'+text+'\n').encode()
    return files

if __name__=='__main__':
    for path,content in make_readme().items():
        if (ROOT/path).exists() and (ROOT/path).read_bytes()==content: continue
        if '--check' in sys.argv: sys.exit(f'{path} is stale: make readme')
        (ROOT/path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT/path).write_bytes(content)
        print(f'wrote {path}')
