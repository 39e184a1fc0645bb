"""The page that plays, as a visitor meets it, in headless Chromium: python tools/play.py [--screenshots FOLDER]

Serves nbs/play from a temporary folder, with ONNX Runtime Web from npm. Checks that its numbers are generated, that
its modules compute what Python computes (tools/play_numbers.py), and that the page works: sliders, map, words,
keyboard, sound, MIDI, recordings. Prints a line for each check, `ok ...` or `FAILED ...`, and indented figures; ends
with status 1 when a check failed, 77 when Playwright, Chromium or npm is missing."""
import argparse
import base64
import contextlib
import functools
import http.server
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
import numpy as np
import play_assets
import typed_twice
from browser import FLAGS, find_browser, until
from play_numbers import compare_with_python, largest_difference
from report import MISSING, ROOT, check, failed, say
sys.path.insert(0, str(ROOT))
from midikompanion_ml.composing.compose import compose
from midikompanion_ml.contract import DIMENSIONS, SAMPLE_RATE
from midikompanion_ml.emotion import Emotion
from midikompanion_ml.music.midi import read_midi
from midikompanion_ml.networks.inference import hear, model_path
from midikompanion_ml.sound.audio import write_wav
from midikompanion_ml.sound.rendering import render
from midikompanion_ml.thesaurus import find_node


# The page and its server

SHELL = '''<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Play</title><link rel="icon" href="data:,"><link rel="stylesheet" href="../styles.css"><style>
* { box-sizing: border-box } main { max-width: 1150px; margin: auto; padding: 1rem } a, code { color: inherit }
body { --bs-body-bg: #fff; margin: 0; background: var(--bs-body-bg); color: #373a3c }
body { font: 16px/1.5 system-ui, sans-serif }
body.quarto-dark { --bs-body-bg: #222; color: #fff }
</style></head><body class="quarto-light"><main><h1>Play</h1>%s</main></body></html>'''

def make_site(folder):
    "The page as the docs site shows it, but without Quarto: `SHELL` around the text of the page."
    import pypandoc
    shutil.copytree(play_assets.PAGE, folder/'play', ignore=shutil.ignore_patterns('models', 'vendor'))
    shutil.copy(ROOT/'nbs'/'styles.css', folder)
    text = (play_assets.PAGE/'index.qmd').read_text(encoding='utf-8')
    body = pypandoc.convert_text(text, 'html', format='markdown')
    (folder/'play'/'index.html').write_text(SHELL%body, encoding='utf-8')

class Handler(http.server.SimpleHTTPRequestHandler):
    "Serves files without a log, and with the types that browsers insist on."
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map,
                      '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm'}
    def log_message(self, *args): pass

class Server(http.server.ThreadingHTTPServer):
    "A server that ignores broken connections, as when a page is closed while it loads."
    def handle_error(self, *args): pass

@contextlib.contextmanager
def served(folder):
    "A server on a free port; yields the address of the page."
    server = Server(('127.0.0.1', 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try: yield f'http://127.0.0.1:{server.server_port}/play/index.html'
    finally: server.shutdown()


# What the page shows

MAP_SIZE = np.array([480, 380])   # of the drawing, which the screen may scale
MAP_CENTRE = np.array([240, 190]) # where valence and arousal are 0
MAP_UNITS = np.array([215, -170]) # from there to valence 1 and to arousal 1

def emotion_of(word): return np.asarray(find_node(word).emotion)

def numbers_in(text):
    "The numbers in a text, whose minus may be a hyphen or a minus sign."
    return [float(number) for number in re.findall(r'-?\d*\.?\d+', text.replace('−', '-'))]

def slider_values(page): return [float(page.locator(f'#{name}').input_value()) for name in DIMENSIONS]

def picture_labels(page): return [picture.get_attribute('aria-label') for picture in page.locator('[role=img]').all()]

def screen_position(page, valence, arousal):
    "Where on the screen the map shows a valence and an arousal: x and y in pixels."
    box = page.locator('#map').bounding_box()
    x, y = (MAP_CENTRE+MAP_UNITS*(valence, arousal))/MAP_SIZE
    return float(box['x']+box['width']*x), float(box['y']+box['height']*y)

def star_emotion(page):
    "Valence and arousal at which the map shows its star."
    position = numbers_in(page.locator('.star').get_attribute('transform'))
    return (np.array(position)-MAP_CENTRE)/MAP_UNITS

def press(page, *keys):
    for key in keys: page.keyboard.press(key)

def enter_word(page, word):
    page.locator('#word').fill(word)
    page.locator('#word').press('Enter')

def alert_problem(page, text):
    "What is wrong, unless the page soon shows an alert that contains `text`."
    alert = page.locator('[role=alert]')
    return '' if until(page, lambda: text in alert.inner_text()) else f'the alert is {alert.inner_text()!r}'

def slider_problem(page, emotion, **tolerance):
    "What is wrong, unless the sliders soon show `emotion`."
    def arrived(): return np.allclose(slider_values(page)[:len(emotion)], emotion, **tolerance)
    return '' if until(page, arrived, 2) else f'the sliders are at {slider_values(page)}'


# Sliders, map and words

LATENCY = '''async () => {
  const slider = document.getElementById('arousal'), roll = document.getElementById('roll'), times = []
  for (let k = 0; k < 20; k++) {
    const start = performance.now(), before = roll.innerHTML
    slider.value = -.9 + .09 * k
    slider.dispatchEvent(new Event('input'))
    while (roll.innerHTML === before) await new Promise(done => setTimeout(done, 1))
    times.push(performance.now() - start)
  }
  return times
}'''

def check_sliders(page):
    labels = picture_labels(page)
    readout = page.locator('#valence + output')
    page.locator('#valence').focus()
    press(page, *['ArrowLeft']*10)
    def redrawn(): return sum(old!=new for old, new in zip(labels, picture_labels(page)))>=3
    moved = until(page, redrawn) and readout.inner_text()=='+0.60'
    check('arrow keys on a slider change its read-out and the pictures',
          '' if moved else f'the read-out is {readout.inner_text()}')
    times_ms = page.evaluate(LATENCY)
    check('pictures follow a slider, move by move')
    say(f'from a slider to the new piece on the screen: median {np.median(times_ms):.0f} ms, '
        f'largest {max(times_ms):.0f} ms')

def check_pointer(page):
    "Click, drag and hover on the map."
    rage = screen_position(page, *emotion_of('rage')[:2])
    page.mouse.click(*rage)
    check('a click on a word of the map goes there', slider_problem(page, emotion_of('rage')))
    page.mouse.move(*rage)
    page.mouse.down()
    page.mouse.move(*screen_position(page, .3, .1), steps=5)
    page.mouse.up()
    check('the point can be dragged', slider_problem(page, (.3, .1), atol=.02))
    page.mouse.move(*screen_position(page, *emotion_of('grief')[:2]))
    marks = page.locator('#marks').text_content()
    check('the word under the pointer is shown', '' if 'grief' in marks else f'the map shows {marks}')

def check_point_keys(page):
    "Arrow keys and Enter on the point of the map."
    start = slider_values(page)
    page.locator('#point').focus()
    press(page, 'ArrowRight', 'ArrowUp')
    check('arrow keys move the point', slider_problem(page, np.add(start, (.05, .05, 0, 0)), atol=.011))
    press(page, 'Enter')
    nearest = page.locator('#near button').first.inner_text()
    check('Enter goes to the nearest word', slider_problem(page, emotion_of(nearest)))

def check_words(page):
    enter_word(page, 'nostalgie')
    check('a wrong word is answered', alert_problem(page, 'not among the 216 words'))
    enter_word(page, 'Grief')
    check('a word goes there', slider_problem(page, emotion_of('grief')))
    check('the message about the wrong word disappears', page.locator('[role=alert]').inner_text())


# Keyboard and names

NUMBER_CONTROLS = '''() => [...document.querySelectorAll('.play :is(button, input, [tabindex])')]
  .filter(e => !e.disabled).map((e, k) => e.dataset.k = "" + k)'''

NAMELESS = '''() => {
  const selector = '.play :is(button, input, [role=img], [role=slider], figure[tabindex])'
  const named = e => e.labels?.length || (e.tagName === 'BUTTON' && e.textContent.trim())
    || (e.getAttribute('aria-label') ?? '').length >= 8
  return [...document.querySelectorAll(selector)].filter(e => !named(e)).map(e => e.outerHTML.slice(0, 60))
}'''

def start_of_element(page, number):
    "The first characters of the HTML of a numbered control."
    return page.locator(f'[data-k="{number}"]').evaluate('e => e.outerHTML.slice(0, 60)')

def check_keyboard(page):
    "Tab reaches every control, and each has a name."
    page.locator('h1').click()
    controls = set(page.evaluate(NUMBER_CONTROLS))
    reached = set()
    for _ in range(len(controls)+8):
        press(page, 'Tab')
        reached.add(page.evaluate('document.activeElement.dataset.k'))
    unreached = sorted(controls-reached, key=int)
    check('Tab reaches every control', '; '.join(start_of_element(page, number) for number in unreached))
    check('every control and picture has a name', ', '.join(page.evaluate(NAMELESS)))


# Recordings

DROPPED = '''([name, data]) => {
  const transfer = new DataTransfer(), bytes = Uint8Array.from(atob(data), c => c.charCodeAt())
  transfer.items.add(new File([bytes], name, {type: 'audio/wav'}))
  return transfer
}'''

def wav_bytes(path, samples, sr=SAMPLE_RATE):
    "The bytes of a WAV file, which is written to `path`."
    write_wav(path, samples, sr=sr)
    return path.read_bytes()

def choose_file(page, name, content):
    page.locator('#file').set_input_files(dict(name=name, mimeType='audio/wav', buffer=content))

def drop_file(page, name, content):
    transfer = page.evaluate_handle(DROPPED, [name, base64.b64encode(content).decode()])
    page.locator('#drop').dispatch_event('drop', dict(dataTransfer=transfer))

def check_recording(page, path, word, sr, offer):
    "The answer to a recording of a word's piece; returns its largest difference from Python's, None without an answer."
    name = f'{word}.wav'
    sound = render(compose(word).score, backend='embedded', room=.3, sr=sr)
    offer(page, name, wav_bytes(path, sound, sr))
    expected = np.asarray(hear(path))
    answer = page.locator('#heard')
    if not until(page, lambda: f'{name} sounds like' in answer.inner_text(), 20):
        check(f'{name} is heard', f'the page shows {page.locator(".transport").inner_text()!r}')
        return None
    emotion = numbers_in(answer.inner_text())
    difference = largest_difference([(emotion, expected), (star_emotion(page), expected[:2])])
    check(f'words and star of {name} ({sr} Hz) are where Python hears it',
          '' if difference<.02 else f'{emotion}, but Python hears {expected.round(3)}')
    answer.locator('button').click()
    check(f'Compose from {name} moves the sliders', slider_problem(page, emotion, atol=.006))
    return difference

def check_recordings(page, folder):
    "Recordings that are chosen or dropped, at three sample rates."
    recordings = [('rage', SAMPLE_RATE, choose_file), ('serenity', 44100, drop_file), ('grief', 48000, drop_file)]
    answers = [check_recording(page, folder/'sound.wav', *recording) for recording in recordings]
    differences = [difference for difference in answers if difference is not None]
    if differences: say(f'largest difference from what Python hears: {max(differences):.3f}')

def check_bad_recordings(page, folder):
    "Files that cannot be heard are answered."
    silence = wav_bytes(folder/'sound.wav', np.zeros(SAMPLE_RATE, np.float32))
    short = wav_bytes(folder/'sound.wav', np.full(1000, .1, np.float32))
    cases = [('words.wav', b'not a sound', 'is not a sound file'), ('silent.wav', silence, 'is silent'),
             ('short.wav', short, 'is shorter than half a second')]
    for name, content, reason in cases:
        choose_file(page, name, content)
        check(f'{name} is answered', alert_problem(page, f'{name} {reason}'))


# Playing

LISTEN = '''() => { // measures what goes to the speakers
  const connect = AudioNode.prototype.connect
  AudioNode.prototype.connect = function (to, ...rest) {
    if (this.context instanceof AudioContext && to === this.context.destination) {
      window.tap ??= new AnalyserNode(this.context, {fftSize: 32768})
      connect.call(this, tap)
    }
    return connect.call(this, to, ...rest)
  }
  window.level = () => {
    const x = new Float32Array(32768)
    window.tap?.getFloatTimeDomainData(x)
    return x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  }
}'''

class Listener:
    "Reads the peak level of what goes to the speakers, and remembers every reading."
    def __init__(self, page):
        self.page = page
        self.levels = []

    def level(self):
        self.levels.append(self.page.evaluate('level()'))
        return self.levels[-1]

    def loudest(self): return max(self.levels)

def check_playhead(page):
    "The mark of what sounds moves, and moves by whole bars for those who want little motion."
    head = page.locator('#head')
    def position(): return sum(float(head.get_attribute(name) or 0) for name in ('x', 'width'))
    start = position()
    moved = until(page, lambda: position()>start+5)
    check('the place that sounds moves', '' if moved else f'from {start} to {position()}')
    page.emulate_media(reduced_motion='reduce')
    whole_bar = until(page, lambda: head.get_attribute('width')=='120')
    check('it moves bar by bar where motion is to be reduced',
          '' if whole_bar else f'it is {head.get_attribute("width")} wide, not 120')
    page.emulate_media(reduced_motion='no-preference')

def check_playing(page):
    "Play, Another and Stop."
    toggle = page.locator('#toggle')
    description = page.locator('#what')
    listener = Listener(page)
    toggle.click()
    audible = until(page, lambda: listener.level()>.02)
    check('Play makes sound', '' if audible else f'level {listener.loudest():.4f}')
    text = description.inner_text()
    check_playhead(page)
    page.locator('#another').click()
    changed = until(page, lambda: description.inner_text()!=text)
    check('Another composes another piece', '' if changed else f'still {text}')
    for _ in range(15):
        page.wait_for_timeout(100)
        listener.level()
    check('what is played is not clipped', '' if listener.loudest()<1 else f'level {listener.loudest():.2f}')
    toggle.click()
    silent = until(page, lambda: listener.level()<1e-4) and 'Play' in toggle.inner_text()
    check('Stop silences the page', '' if silent else f'level {listener.levels[-1]:.4f}')

def check_midi(page, folder):
    "The saved file is the one that the line of Python below the piece makes."
    with page.expect_download() as download: page.locator('#save').click()
    download.value.save_as(folder/'page.mid')
    *values, seed = numbers_in(page.locator('#python').inner_text())
    compose(Emotion(*values), seed=int(seed)).save(folder/'python.mid')
    theirs = read_midi(folder/'page.mid')
    ours = read_midi(folder/'python.mid')
    check('the saved MIDI file is what the line of Python makes',
          '' if theirs.equals(ours) else f'{theirs}, but Python makes {ours}')


# Looks

LOOKS = ( # name, theme, width and height of the screen
    ('light', 'quarto-light', 1280, 1750), ('dark', 'quarto-dark', 1280, 1750), ('phone', 'quarto-light', 390, 844))

SMALLEST_CONTRAST = '''() => { // of all text
  const rgb = s => s.match(/[\\d.]+/g).map(Number)
  const linear = x => (x /= 255) <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4
  const luminance = c => .2126 * linear(c[0]) + .7152 * linear(c[1]) + .0722 * linear(c[2])
  const background = e => {
    const c = e ? rgb(getComputedStyle(e).backgroundColor) : [255, 255, 255]
    return c.length < 4 || c[3] === 1 ? c : background(e.parentElement)
  }
  const contrast = e => {
    const back = background(e), {color, opacity} = getComputedStyle(e)
    const front = rgb(color).slice(0, 3).map((x, k) => opacity * x + (1 - opacity) * back[k])
    const [a, b] = [luminance(front), luminance(back)]
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
  }
  const texts = [...document.querySelectorAll('.play :is(button:enabled, small, label, p, output, figcaption, code)')]
  return Math.min(...texts.filter(e => e.offsetParent && e.textContent.trim()).map(contrast))
}'''

def check_looks(page, screenshots):
    "Light, dark, and on the screen of a phone."
    for name, theme, width, height in LOOKS:
        page.set_viewport_size(dict(width=width, height=height))
        page.evaluate(f'document.body.className = "{theme}"; document.activeElement.blur(); scrollTo(0, 0)')
        page.wait_for_timeout(300)
        contrast = page.evaluate(SMALLEST_CONTRAST)
        check(f'text stands out ({name})', '' if contrast>=4.5 else f'contrast {contrast:.1f}, at least 4.5 is needed')
        page_width = page.evaluate('document.documentElement.scrollWidth')
        check(f'the page is no wider than the screen ({name})',
              '' if page_width<=width else f'{page_width} of {width} px')
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(screenshots/f'play_{name}.png'))


# Bad model files

def check_model_file(context, address, name, response, message):
    "Open the page with `response` in place of a model file; an alert has to name what is wrong."
    page = context.new_page()
    page.route('**/harmony_predictor.onnx', lambda route: route.fulfill(**response))
    page.goto(address)
    check(f'a model file that is {name} is answered', alert_problem(page, message))
    page.close()

def check_model_files(context, address):
    "Model files that are missing or of the wrong kind are named."
    other = model_path('melody_transformer').read_bytes()
    current = model_path('harmony_predictor').read_bytes()
    old = current.replace(b'"contract_version": "1.0"', b'"contract_version": "0.9"')
    cases = [
        ('missing', dict(status=404), 'harmony_predictor.onnx cannot be loaded (404)'),
        ('another network', dict(body=other), 'model is melody_transformer, expected harmony_predictor'),
        ('of another contract', dict(body=old), 'contract version is 0.9, expected')]
    for case in cases: check_model_file(context, address, *case)


# The visit

def watch(page):
    "A list that fills with errors and warnings of the browser, and a set of the addresses that are requested."
    errors = []
    addresses = set()
    def on_console(message):
        if message.type in ('error', 'warning'): errors.append(message.text)
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.on('console', on_console)
    page.on('request', lambda request: addresses.add(request.url))
    return errors, addresses

def open_page(page, address):
    start = time.time()
    page.add_init_script(f'({LISTEN})()')
    page.goto(address)
    ready = until(page, lambda: page.locator('#toggle').is_enabled(), 30)
    check('the page opens and its networks load', '' if ready else page.locator('.transport').inner_text())
    say(f'after {time.time()-start:.1f} s')

def visit(context, address, folder, screenshots):
    "Everything that a visitor can do."
    page = context.new_page()
    errors, addresses = watch(page)
    open_page(page, address)
    compare_with_python(page, folder)
    check_sliders(page)
    check_pointer(page)
    check_point_keys(page)
    check_words(page)
    check_keyboard(page)
    check_recordings(page, folder)
    check_playing(page)
    check_midi(page, folder)
    check_looks(page, screenshots)
    check_bad_recordings(page, folder)
    check('no error in the browser', '; '.join(errors)[:500])
    host = address.rsplit('/', 2)[0]
    foreign = [url for url in addresses if not url.startswith((host, 'blob:', 'data:'))]
    check('no request goes to another host', '; '.join(foreign))
    check_model_files(context, address)

def main(screenshots=None):
    start = time.time()
    sync_playwright, browser = find_browser()
    if not sync_playwright:
        print(browser)
        return MISSING
    typed_twice.main(most=1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_site(folder/'site')
        if play_assets.main(folder/'site'/'play'): return MISSING
        with served(folder/'site') as address, sync_playwright() as playwright:
            flags = [*FLAGS, '--autoplay-policy=no-user-gesture-required']
            chromium = playwright.chromium.launch(executable_path=browser, args=flags)
            context = chromium.new_context(viewport=dict(width=1280, height=1000))
            try: visit(context, address, folder, screenshots)
            except Exception as error: check('the visit', f'{type(error).__name__}: {error}')
            chromium.close()
    say(f'the whole check took {time.time()-start:.0f} s')
    return int(bool(failed))

if __name__=='__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--screenshots', type=Path, help='folder for pictures of the page: light, dark, on a phone')
    sys.exit(main(**vars(parser.parse_args())))
