"One line for each check, for scripts that tools/test.py reads: `ok ...`, `FAILED ...`, `skip ...`, indented figures."
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MISSING = 77 # exit status of a script that cannot run here
failed = []  # names of the checks that failed

def check(name, problem=''):
    "A check that has a `problem` failed; returns whether it passed."
    if problem: failed.append(name)
    print(f'{"FAILED" if problem else "ok"} {name}'+(f': {problem}' if problem else ''), flush=True)
    return not problem

def skip(name, why): print(f'skip {name}: {why}', flush=True)
def say(text): print(f'   {text}', flush=True)
