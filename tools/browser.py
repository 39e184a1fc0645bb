"""The explorer as a user meets it, in JupyterLab and headless Chromium: tools/browser.py [--screenshots FOLDER]

Starts JupyterLab on a copy of a tutorial, runs every cell of it, drags, types, composes. Prints a line for each check,
`ok ...` or `FAILED ...`; ends with status 1 when one failed, 77 when Playwright or a Chromium is missing."""
import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from report import MISSING, ROOT, check, failed, say

TUTORIAL = '02_exploring_emotions.ipynb'
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync']

def find_browser():
    "Playwright's entry and the path of a Chromium; or None and what is missing."
    try: from playwright.sync_api import sync_playwright
    except ImportError: return None,'Playwright is not installed'
    paths = [path for path in map(shutil.which, BROWSERS) if path]
    return (sync_playwright,paths[0]) if paths else (None,f'none of {", ".join(BROWSERS)} is installed')


# JupyterLab

def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]

def write_setting(home, plugin, **settings):
    "Write settings of a plugin of JupyterLab, such as its theme."
    path = home/'settings'/'@jupyterlab'/'apputils-extension'/f'{plugin}.jupyterlab-settings'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))

def jupyter_environment(home):
    "Settings and workspaces in `home`, and the library of this project."
    paths = [str(ROOT), *os.environ.get('PYTHONPATH', '').split(os.pathsep)]
    return {**os.environ, 'JUPYTER_PLATFORM_DIRS': '1', 'PYTHONPATH': os.pathsep.join(paths),
            'JUPYTER_CONFIG_DIR': str(home/'config'), 'JUPYTERLAB_SETTINGS_DIR': str(home/'settings'),
            'JUPYTERLAB_WORKSPACES_DIR': str(home/'workspaces')}

def wait_for_server(address, log, timeout_sec=60):
    deadline = time.time()+timeout_sec
    while time.time()<deadline:
        try: return urllib.request.urlopen(address, timeout=2)
        except OSError: time.sleep(.25)
    raise SystemExit(f'JupyterLab did not start:\n{log.read_text()[-2000:]}')

@contextlib.contextmanager
def jupyterlab(folder, home):
    "A server on `folder`, with settings of its own in `home`; gives its address and its log."
    port = free_port()
    token = 'test'
    log = home/'jupyter.log'
    write_setting(home, 'notification', fetchNews='false', checkForUpdates=False)
    command = [sys.executable, '-m', 'jupyterlab', '--no-browser', '--allow-root', f'--port={port}',
               f'--IdentityProvider.token={token}', f'--ServerApp.root_dir={folder}']
    with open(log, 'w') as file:
        server = subprocess.Popen(command, env=jupyter_environment(home), stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for_server(f'http://127.0.0.1:{port}/api?token={token}', log)
        yield f'http://127.0.0.1:{port}/lab/tree/%s?token={token}&reset',log
    finally:
        server.terminate()
        server.wait(20)


# What the page does

WATCH = '''() => {
  const panel = document.querySelector('.jp-OutputArea-output:has(.noUi-handle)')
  const map = () => panel.querySelector('img[alt^="Map of"]').src
  let last = map()
  window.pointer = []; window.redrawn = []; window.frames = 0; window.blank = 0
  for (const kind of ['pointermove', 'mousemove'])
    document.addEventListener(kind, () => window.pointer.push(performance.now()), true)
  new MutationObserver(() => {
    if (map() !== last) { last = map(); window.redrawn.push(performance.now()) }
  }).observe(panel, {childList: true, subtree: true})
  const frame = () => {
    window.frames++
    if ([...panel.querySelectorAll('img')].some(i => !i.complete)) window.blank++
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
}'''

UNREACHABLE = '''panel => [...panel.querySelectorAll("button, input, select, a, audio, [role=slider]")]
  .filter(e => e.offsetParent && e.tabIndex < 0 && e.type !== "file").map(e => e.outerHTML.slice(0, 80))'''

SOUND = '''async () => Array.from(new Uint8Array(
  await (await fetch(document.querySelector(".jp-OutputArea-output audio").src)).arrayBuffer()))'''

DROPPED = '''bytes => {
  const t = new DataTransfer()
  t.items.add(new File([new Uint8Array(bytes)], 'dropped.wav', {type: 'audio/wav'}))
  return t
}'''

def until(page, condition, timeout_sec=8):
    "Wait for something to become true; returns whether it did."
    for _ in range(10*timeout_sec):
        if condition(): return True
        page.wait_for_timeout(100)
    return False

def drag(page, handle, steps=30):
    "Drag a slider to the right; returns milliseconds from each move of the pointer to the changed map."
    page.evaluate(WATCH)
    box = handle.bounding_box()
    x = box['x']+box['width']/2
    y = box['y']+box['height']/2
    page.mouse.move(x, y)
    page.mouse.down()
    times_ms = []
    for step in range(1, steps+1):
        n = page.evaluate('redrawn.length')
        page.mouse.move(x+5*step, y)
        page.wait_for_function(f'redrawn.length>{n}', timeout=10000, polling=5)
        times_ms.append(page.evaluate(f'redrawn[{n}]-pointer[pointer.length-1]'))
    page.mouse.up()
    return times_ms

def open_tutorial(page, address):
    "Open the tutorial and run all its cells; returns the explorer's panel when they have run."
    page.goto(address%TUTORIAL)
    page.locator('.jp-Notebook .jp-Cell').first.wait_for(timeout=90000)
    kernel = re.compile('ipykernel|python3', re.I)
    page.locator('.jp-NotebookPanel-toolbar').get_by_text(kernel).first.wait_for(timeout=60000)
    page.get_by_role('menuitem', name='Run', exact=True).click()
    page.get_by_role('menuitem', name='Run All Cells', exact=True).click()
    panel = page.locator('.jp-OutputArea-output:has(.noUi-handle)').first
    panel.locator('img[alt^="Map of"]').wait_for(timeout=90000)
    running = "[...document.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'))"
    page.wait_for_function(f'!{running}', timeout=120000)
    panel.scroll_into_view_if_needed()
    return panel


# What a reader does

class Tour:
    "One visit to the explorer; each method tries one thing and checks what comes of it."
    def __init__(self, page, panel):
        self.page = page
        self.panel = panel

    def texts(self):
        "The read-out of the first slider, and the line below the sliders."
        readout = self.panel.locator('.widget-readout').first
        return readout.inner_text(),self.panel.locator('[aria-live=polite]').inner_text()

    def pictures(self):
        "What each picture says it shows: its source."
        images = self.panel.locator('img').all()
        return {image.get_attribute('alt'): image.get_attribute('src') for image in images}

    def press(self, name, exact=True): self.panel.get_by_role('button', name=name, exact=exact).click()

    def enter(self, entry, text):
        entry.fill(text)
        entry.press('Enter')

    def drag_valence(self):
        texts,pictures = self.texts(),self.pictures()
        times_ms = drag(self.page, self.panel.locator('.noUi-handle').first)
        self.page.wait_for_timeout(500)
        same = [text for text,new in zip(texts, self.texts()) if text==new]
        check('dragging valence changes read-outs', f'unchanged: {same}' if same else '')
        shown = self.pictures()
        sources = len(set(shown.values())-set(pictures.values()))
        sentences = len(set(shown)-set(pictures))
        check('dragging valence changes map, code, notes and chords',
              '' if min(sources, sentences)>=4 else f'{sources} pictures changed, {sentences} of their sentences')
        frames,blank = self.page.evaluate('[frames, blank]')
        steady = frames and blank<.02*frames
        check('pictures do not flicker', '' if steady else f'{blank} of {frames} frames without one')
        median = statistics.median(times_ms)
        slow = statistics.quantiles(times_ms, n=20)[-1]
        say(f'from the pointer to the map: median {median:.0f} ms, 19 of 20 within {slow:.0f} ms, '
            f'largest {max(times_ms):.0f} ms')

    def use_the_keyboard(self):
        readout = self.texts()[0]
        self.panel.locator('.noUi-handle').first.focus()
        self.page.keyboard.press('ArrowRight')
        moved = until(self.page, lambda: self.texts()[0]!=readout)
        check('an arrow key moves a slider', '' if moved else f'still {readout}')
        for key in ('Tab', 'Control+a'): self.page.keyboard.press(key)
        self.page.keyboard.type('-0.5')
        self.page.keyboard.press('Enter')
        typed = until(self.page, lambda: self.texts()[0] in ('-0.50','−0.50'))
        check('a number typed beside a slider moves it', '' if typed else f'is {self.texts()[0]}')
        check('every control can be reached from the keyboard', '; '.join(self.panel.evaluate(UNREACHABLE)))

    def look_for_alt_texts(self):
        nameless = [source[:40] for alt,source in self.pictures().items() if len(alt or '')<20]
        check('every picture has alt text', ', '.join(nameless))

    def compose(self):
        self.press('Compose')
        player = self.panel.locator('audio')
        player.wait_for(timeout=30000)
        loaded = 'document.querySelector(".jp-OutputArea-output audio").duration>2'
        self.page.wait_for_function(loaded, timeout=20000)
        has_controls = player.get_attribute('controls') is not None
        check('Compose brings a player with sound', '' if has_controls else 'no controls')
        roll = self.panel.locator('img[alt^="Piano roll"]')
        described = roll.count()==1 and 'notes of melody' in roll.get_attribute('alt')
        check('Compose brings a piano roll', '' if described else 'none')
        link = self.panel.get_by_role('link', name='download it').get_attribute('href')
        is_midi = link.startswith('data:audio/midi;base64,TVRoZ')
        check('the MIDI file can be downloaded', '' if is_midi else f'the link is {link[:40]}')

    def answer_beside(self, entry, text):
        "What is wrong with the answer to a bad entry: it has to be an alert with `text`, close to the entry."
        alert = self.panel.get_by_role('alert').filter(has_text=text)
        try: alert.wait_for(timeout=8000)
        except Exception: return f'alerts: {self.panel.get_by_role("alert").all_inner_texts()}'
        distance = abs(alert.bounding_box()['y']-entry.bounding_box()['y'])
        return '' if distance<200 else f'the message is {distance:.0f} px away'

    def make_mistakes(self):
        word = self.panel.get_by_placeholder('a word')
        self.enter(word, 'nostalgie')
        check('a wrong word is answered beside it', self.answer_beside(word, 'the nearest names are nostalgia'))
        key = self.panel.get_by_label('key')
        self.enter(key, 'H')
        self.press('Compose')
        check('a wrong key is answered beside it', self.answer_beside(key, 'expected a key such as'))
        self.enter(word, 'nostalgia')
        self.enter(key, '')
        self.panel.locator('[aria-live=polite]').filter(has_text='nostalgia').wait_for(timeout=8000)

    def compose_an_arc(self):
        self.panel.get_by_role('tab', name='Arc').click()
        arc = self.panel.get_by_label('arc')
        self.enter(arc, 'fear:2, releif:2')
        check('a wrong arc is answered beside it', self.answer_beside(arc, 'the nearest names are relief'))
        self.enter(arc, 'fear:2, relief:2')
        self.press('Compose the arc')
        self.panel.get_by_text('Piece(fear, relief').wait_for(timeout=20000)
        check('an arc is composed')

    def check_answer(self, name, text):
        answered = until(self.page, lambda: self.panel.get_by_text(text).count()>0, 20)
        check(f'{name} is answered', '' if answered else 'nothing was said')

    def choose_recording(self, name, content, text):
        with self.page.expect_file_chooser() as chooser:
            self.press('Choose a recording', exact=False) # the number of files follows
        chooser.value.set_files(dict(name=name, mimeType='audio/wav', buffer=content))
        self.check_answer(name, text)

    def hear_recordings(self):
        self.panel.get_by_role('tab', name='Hear a recording').click()
        sound = self.page.evaluate(SOUND)
        self.choose_recording('words.wav', b'not a sound', 'words.wav: content')
        self.choose_recording('piece.wav', bytes(sound), 'piece.wav sounds like')
        data = self.page.evaluate_handle(DROPPED, sound)
        self.panel.get_by_text('Drop a recording here').dispatch_event('drop', dict(dataTransfer=data))
        self.check_answer('dropped.wav', 'dropped.wav sounds like')
        check('a star marks what was heard', '' if self.panel.locator('img[alt*="A star marks"]').count() else 'none')

ERRORS = ', '.join(f'.jp-RenderedText[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ('error','stderr'))

def listen_for_errors(page):
    "A list that fills with what goes wrong in the browser; that nothing outside can be reached is no error."
    errors = []
    def on_console(message):
        if message.type=='error' and 'ERR_' not in message.text: errors.append(message.text)
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.on('console', on_console)
    return errors

def visit(page, address):
    "Do everything that a reader of the tutorial can do."
    errors = listen_for_errors(page)
    panel = open_tutorial(page, address)
    def error_outputs(): return '; '.join(page.locator(ERRORS).all_inner_texts())[:500]
    check(f'{TUTORIAL} runs in JupyterLab, all cells', error_outputs())
    tour = Tour(page, panel)
    tour.drag_valence()
    tour.use_the_keyboard()
    tour.look_for_alt_texts()
    tour.compose()
    tour.make_mistakes()
    tour.compose_an_arc()
    tour.hear_recordings()
    check('no error in the browser', '; '.join(errors)[:500])
    check('no error output after all this', error_outputs())

def picture(page, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)
    page.screenshot(path=str(path))

def take_pictures(page, address, home, folder):
    "Pictures of the explorer in the light and the dark theme."
    picture(page, folder/'explorer_light.png')
    write_setting(home, 'themes', theme='JupyterLab Dark')
    open_tutorial(page, address)
    dark = page.evaluate('document.body.dataset.jpThemeLight')=='false'
    check('the dark theme', '' if dark else 'is not dark')
    picture(page, folder/'explorer_dark.png')

def main(screenshots=None):
    sync_playwright,browser = find_browser()
    if not sync_playwright:
        print(browser)
        return MISSING
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (home/'notebooks').mkdir()
        shutil.copy(ROOT/'nbs'/'tutorials'/TUTORIAL, home/'notebooks') # JupyterLab saves by itself
        address,log = stack.enter_context(jupyterlab(home/'notebooks', home))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_page(viewport=dict(width=1500, height=1750))
        try:
            visit(page, address)
            if screenshots: take_pictures(page, address, home, screenshots)
        except Exception as error: check('the tour', f'{type(error).__name__}: {error}')
        chromium.close()
        tracebacks = log.read_text().count('Traceback')
        check('no traceback in the log of the server', f'{tracebacks} in it' if tracebacks else '')
    return int(bool(failed))

if __name__=='__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--screenshots', type=Path, help='folder for pictures of the explorer in light and dark')
    sys.exit(main(**vars(parser.parse_args())))
