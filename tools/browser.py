"""The explorer as a user meets it: JupyterLab, a tutorial, headless Chromium: python tools/browser.py [--screenshots FOLDER]

Starts JupyterLab on a copy of a tutorial, runs every cell of it, drags, types, composes. Prints a line a check,
`ok ...` or `FAILED ...`; ends with status 1 when one failed, 77 when Playwright or a Chromium is missing."""
import argparse, contextlib, json, os, re, shutil, socket, statistics, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path
from report import MISSING, ROOT, check, failed, say

TUTORIAL = '02_exploring_emotions.ipynb'
BROWSERS = ('chromium','chromium-browser','google-chrome','google-chrome-stable')
FLAGS = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split()

def find_browser():
    "Playwright's entry and the path of a Chromium; or None and what is missing."
    try: from playwright.sync_api import sync_playwright
    except ImportError: return None,'Playwright is not installed'
    path = next((p for n in BROWSERS if (p := shutil.which(n))), None)
    return (sync_playwright,path) if path else (None,f'none of {", ".join(BROWSERS)} is installed')

def free_port():
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); return s.getsockname()[1]

@contextlib.contextmanager
def jupyterlab(folder, home):
    "A server on `folder`, with settings of its own in `home`; gives its address and its log."
    port,token,log = free_port(),'test',home/'jupyter.log'
    quiet = home/'settings'/'@jupyterlab'/'apputils-extension'/'notification.jupyterlab-settings'
    quiet.parent.mkdir(parents=True)
    quiet.write_text(json.dumps(dict(fetchNews='false', checkForUpdates=False)))
    env = {**os.environ, 'JUPYTER_CONFIG_DIR':str(home/'config'), 'JUPYTERLAB_SETTINGS_DIR':str(home/'settings'),
           'JUPYTERLAB_WORKSPACES_DIR':str(home/'workspaces'), 'JUPYTER_PLATFORM_DIRS':'1',
           'PYTHONPATH':os.pathsep.join([str(ROOT), *os.environ.get('PYTHONPATH', '').split(os.pathsep)])}
    with open(log, 'w') as out:
        server = subprocess.Popen([sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', f'--port={port}', f'--IdentityProvider.token={token}',
                                   f'--ServerApp.root_dir={folder}'], env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        for _ in range(240):
            try: urllib.request.urlopen(f'http://127.0.0.1:{port}/api?token={token}', timeout=2); break
            except OSError: time.sleep(.25)
        else: raise SystemExit('JupyterLab did not start:\n'+log.read_text()[-2000:])
        yield f'http://127.0.0.1:{port}/lab/tree/%s?token={token}&reset',log
    finally:
        server.terminate()
        server.wait(20)

WATCH = '''() => {
  const panel = document.querySelector('.jp-OutputArea-output:has(.noUi-handle)'), map = () => panel.querySelector('img[alt^="Map of"]').src
  let last = map()
  window.pointer = []; window.redrawn = []; window.frames = 0; window.blank = 0
  for (const kind of ['pointermove', 'mousemove']) document.addEventListener(kind, () => window.pointer.push(performance.now()), true)
  new MutationObserver(() => { if (map() !== last) { last = map(); window.redrawn.push(performance.now()) } }).observe(panel, {childList: true, subtree: true})
  const frame = () => { window.frames++; if ([...panel.querySelectorAll('img')].some(i => !i.complete)) window.blank++; requestAnimationFrame(frame) }
  requestAnimationFrame(frame)
}'''

UNREACHABLE = '''panel => [...panel.querySelectorAll("button, input, select, a, audio, [role=slider]")]
  .filter(e => e.offsetParent && e.tabIndex < 0 && e.type !== "file").map(e => e.outerHTML.slice(0, 80))'''

def until(page, condition, timeout_sec=8):
    "Wait for something to become true; whether it did."
    for _ in range(10*timeout_sec):
        if condition(): return True
        page.wait_for_timeout(100)
    return False

def drag(page, handle, steps=30):
    "Drag a slider to the right; milliseconds from each move of the pointer to the changed map."
    page.evaluate(WATCH)
    box,took = handle.bounding_box(),[]
    x,y = box['x']+box['width']/2,box['y']+box['height']/2
    page.mouse.move(x, y); page.mouse.down()
    for k in range(1, steps+1):
        n = page.evaluate('redrawn.length')
        page.mouse.move(x+5*k, y)
        page.wait_for_function(f'redrawn.length>{n}', timeout=10000, polling=5)
        took.append(page.evaluate(f'redrawn[{n}]-pointer[pointer.length-1]'))
    page.mouse.up()
    return took

def open_tutorial(page, address):
    "Open it, run all its cells, and wait until they have run; gives the explorer's panel."
    page.goto(address%TUTORIAL)
    page.locator('.jp-Notebook .jp-Cell').first.wait_for(timeout=90000)
    page.locator('.jp-NotebookPanel-toolbar').get_by_text(re.compile('ipykernel|python3', re.I)).first.wait_for(timeout=60000)
    page.get_by_role('menuitem', name='Run', exact=True).click()
    page.get_by_role('menuitem', name='Run All Cells', exact=True).click()
    panel = page.locator('.jp-OutputArea-output:has(.noUi-handle)').first
    panel.locator('img[alt^="Map of"]').wait_for(timeout=90000)
    page.wait_for_function("![...document.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'))", timeout=120000)
    panel.scroll_into_view_if_needed()
    return panel

def tour(page, address):
    "All that the tutorial's reader does."
    said = []
    page.on('pageerror', lambda e: said.append(str(e)))
    page.on('console', lambda m: said.append(m.text) if m.type=='error' and 'ERR_' not in m.text else None) # ERR_: nothing outside is reached
    panel = open_tutorial(page, address)
    wrong = page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')
    check(f'{TUTORIAL} runs in JupyterLab, all cells', '; '.join(wrong.all_inner_texts())[:500])

    texts = lambda: (panel.locator('.widget-readout').first.inner_text(), panel.locator('[aria-live=polite]').inner_text())
    pictures = lambda: {i.get_attribute('alt'):i.get_attribute('src') for i in panel.locator('img').all()}
    words,seen,handle = texts(),pictures(),panel.locator('.noUi-handle').first
    took = drag(page, handle)
    page.wait_for_timeout(500)
    now = pictures()
    check('dragging valence changes read-outs', '' if all(a!=b for a,b in zip(words, texts())) else f'{words} are {texts()}')
    changed = set(now.values())-set(seen.values())
    check('dragging valence changes map, code, notes and chords', '' if len(changed)>=4 and len(set(now)-set(seen))>=4 else f'{len(changed)} pictures changed')
    frames,blank = page.evaluate('[frames, blank]')
    check('pictures do not flicker', '' if frames and blank<.02*frames else f'{blank} of {frames} frames without one')
    middle,most = statistics.median(took),statistics.quantiles(took, n=20)[-1]
    say(f'from the pointer to the map: median {middle:.0f} ms, 19 of 20 within {most:.0f} ms, largest {max(took):.0f} ms')
    words = texts()
    handle.focus(); page.keyboard.press('ArrowRight')
    moved = until(page, lambda: texts()[0]!=words[0])
    check('an arrow key moves a slider', '' if moved else f'still {words[0]}')
    page.keyboard.press('Tab'); page.keyboard.press('Control+a'); page.keyboard.type('-0.5'); page.keyboard.press('Enter')
    typed = until(page, lambda: texts()[0] in ('-0.50','−0.50'))
    check('a number typed beside a slider moves it', '' if typed else f'is {texts()[0]}')
    nameless = [i.get_attribute('src')[:40] for i in panel.locator('img').all() if len(i.get_attribute('alt') or '')<20]
    check('every picture has alt text', ', '.join(nameless))
    check('every control can be reached from the keyboard', '; '.join(panel.evaluate(UNREACHABLE)))

    panel.get_by_role('button', name='Compose', exact=True).click()
    player = panel.locator('audio')
    player.wait_for(timeout=30000)
    page.wait_for_function('document.querySelector(".jp-OutputArea-output audio").duration>2', timeout=20000)
    check('Compose brings a player with sound', '' if player.get_attribute('controls') is not None else 'no controls')
    roll = panel.locator('img[alt^="Piano roll"]')
    check('Compose brings a piano roll', '' if roll.count()==1 and 'notes of melody' in roll.get_attribute('alt') else 'none')
    link = panel.get_by_role('link', name='download it').get_attribute('href')
    check('the MIDI file can be downloaded', '' if link.startswith('data:audio/midi;base64,TVRoZ') else f'the link is {link[:40]}')

    def answered(entry, bad, why):
        entry.fill(bad); entry.press('Enter')
        if entry is key: panel.get_by_role('button', name='Compose', exact=True).click()
        alert = panel.get_by_role('alert').filter(has_text=why)
        try: alert.wait_for(timeout=8000)
        except Exception: return f'alerts: {panel.get_by_role("alert").all_inner_texts()}'
        near = abs(alert.bounding_box()['y']-entry.bounding_box()['y'])
        return '' if near<200 else f'the message is {near:.0f} px away'
    word,key = panel.get_by_placeholder('a word'),panel.get_by_label('key')
    check('a wrong word is answered beside it', answered(word, 'nostalgie', 'the nearest names are nostalgia'))
    check('a wrong key is answered beside it', answered(key, 'H', "expected a key such as"))
    word.fill('nostalgia'); word.press('Enter'); key.fill(''); key.press('Enter')
    panel.locator('[aria-live=polite]').filter(has_text='nostalgia').wait_for(timeout=8000)
    panel.get_by_role('tab', name='Arc').click()
    check('a wrong arc is answered beside it', answered(panel.get_by_label('arc'), 'fear:2, releif:2', 'the nearest names are relief'))
    panel.get_by_label('arc').fill('fear:2, relief:2'); panel.get_by_label('arc').press('Enter')
    panel.get_by_role('button', name='Compose the arc').click()
    panel.get_by_text('Piece(fear, relief').wait_for(timeout=20000)
    check('an arc is composed')
    panel.get_by_role('tab', name='Hear a recording').click()
    sound = page.evaluate('''async () => Array.from(new Uint8Array(
        await (await fetch(document.querySelector(".jp-OutputArea-output audio").src)).arrayBuffer()))''')
    def heard(name, why): check(f'{name} is answered', '' if until(page, lambda: panel.get_by_text(why).count()>0, 20) else 'nothing was said')
    for name,content,why in (('words.wav', b'not a sound', 'words.wav: content'), ('piece.wav', bytes(sound), 'piece.wav sounds like')):
        with page.expect_file_chooser() as chooser: panel.get_by_role('button', name='Choose a recording').click()
        chooser.value.set_files(dict(name=name, mimeType='audio/wav', buffer=content))
        heard(name, why)
    drop = page.evaluate_handle('''bytes => { const t = new DataTransfer()
        t.items.add(new File([new Uint8Array(bytes)], 'dropped.wav', {type: 'audio/wav'})); return t }''', sound)
    panel.get_by_text('Drop a recording here').dispatch_event('drop', dict(dataTransfer=drop))
    heard('dropped.wav', 'dropped.wav sounds like')
    check('a star marks what was heard', '' if panel.locator('img[alt*="A star marks"]').count() else 'none')
    check('no error in the browser', '; '.join(said)[:500])
    check('no error output after all this', '; '.join(wrong.all_inner_texts())[:500])

def picture(page, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)
    page.screenshot(path=str(path))

def set_theme(home, name):
    path = home/'settings'/'@jupyterlab'/'apputils-extension'/'themes.jupyterlab-settings'
    path.write_text(json.dumps(dict(theme=f'JupyterLab {name}')))

def main(screenshots=None):
    sync_playwright,browser = find_browser()
    if not sync_playwright: print(browser); return MISSING
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (home/'notebooks').mkdir()
        shutil.copy(ROOT/'nbs'/'tutorials'/TUTORIAL, home/'notebooks') # JupyterLab saves by itself
        address,log = stack.enter_context(jupyterlab(home/'notebooks', home))
        p = stack.enter_context(sync_playwright())
        chromium = p.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport=dict(width=1500, height=1750))
        try:
            tour(page, address)
            if screenshots:
                picture(page, screenshots/'explorer_light.png')
                set_theme(home, 'Dark')
                open_tutorial(page, address)
                check('the dark theme', '' if page.evaluate('document.body.dataset.jpThemeLight')=='false' else 'is not dark')
                picture(page, screenshots/'explorer_dark.png')
        except Exception as e: check('the tour', f'{type(e).__name__}: {e}')
        chromium.close()
        trace = log.read_text().count('Traceback')
        check('no traceback in the log of the server', f'{trace} in it' if trace else '')
    return int(bool(failed))

if __name__=='__main__':
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument('--screenshots', type=Path, help='folder for pictures of the explorer in light and dark')
    sys.exit(main(**vars(args.parse_args())))
