"Run notebooks top to bottom in a fresh kernel, without saving: python tools/run_notebooks.py NOTEBOOK..."
import re, sys, time
from pathlib import Path
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

def run_notebook(path, *, timeout_sec=900):
    "Run one notebook; cells marked `#| eval: false` are left out. Returns an error text, or None."
    path = Path(path)
    nb = nbformat.read(path, 4)
    nb.cells = [c for c in nb.cells if not re.search(r'^#\s*\|\s*eval:\s*false', c.source, flags=re.M)]
    folder = {'metadata': {'path': str(path.resolve().parent)}}
    client = NotebookClient(nb, timeout=timeout_sec, kernel_name='python3', resources=folder)
    try: client.execute()
    except CellExecutionError as e: return re.sub(r'\x1b\[[0-9;]*m', '', str(e))

if __name__=='__main__':
    errors = []
    for name in sys.argv[1:]:
        start = time.time()
        error = run_notebook(name)
        print(f'{"FAILED" if error else "ran"} {name} in {time.time()-start:.0f} s')
        if error: errors.append(error); print(error)
    sys.exit(len(errors)>0)
