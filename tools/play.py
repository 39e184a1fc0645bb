"""The page that plays, as a visitor meets it, in headless Chromium: python tools/play.py [--screenshots FOLDER]

Serves nbs/play from a temporary folder, with ONNX Runtime Web from npm; sees that its numbers are generated; compares what its modules
compute with Python (golden vectors, questions, whole pieces); and uses the page: sliders, map, words, keyboard, sound, MIDI, recordings.
Prints a line a check, `ok ...` or `FAILED ...`, and what was measured; ends with status 1 when one failed, 77 when Playwright, a Chromium
or npm is missing."""
import argparse, base64, contextlib, functools, http.server, re, shutil, sys, tempfile, threading, time
from pathlib import Path
import numpy as np
import play_assets, typed_twice
from browser import FLAGS, find_browser, until
from report import MISSING, ROOT, check, failed, say
sys.path.insert(0, str(ROOT))
from midikompanion_ml.composing.compose import compose
from midikompanion_ml.contract import DIMENSIONS, MODELS, SAMPLE_RATE
from midikompanion_ml.emotion import Emotion, decode
from midikompanion_ml.composing.emotion_curves import emotion_curve
from midikompanion_ml.export.golden import GOLDEN_EMOTIONS, golden_sound, read_golden, write_golden
from midikompanion_ml.networks.inference import hear, model_path
from midikompanion_ml.music.midi import read_midi
from midikompanion_ml.composing.plan import load_networks, make_plan
from midikompanion_ml.composing.arrangement import write_score
from midikompanion_ml.sound.rendering import render
from midikompanion_ml.sound.audio import write_wav
from midikompanion_ml.thesaurus import find_node

SHELL = '''<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Play</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="../styles.css"><style>
* { box-sizing: border-box } main { max-width: 1150px; margin: auto; padding: 1rem } a, code { color: inherit }
body { --bs-body-bg: #fff; margin: 0; background: var(--bs-body-bg); color: #373a3c; font: 16px/1.5 system-ui, sans-serif }
body.quarto-dark { --bs-body-bg: #222; color: #fff }
</style></head><body class="quarto-light"><main><h1>Play</h1>%s</main></body></html>'''

def make_site(folder):
    "What the docs site has of the page, without Quarto: `SHELL` around the page's own text."
    import pypandoc
    shutil.copytree(play_assets.PAGE, folder/'play', ignore=shutil.ignore_patterns('models','vendor'))
    shutil.copy(ROOT/'nbs'/'styles.css', folder)
    body = pypandoc.convert_text((play_assets.PAGE/'index.qmd').read_text(encoding='utf-8'), 'html', format='markdown')
    (folder/'play'/'index.html').write_text(SHELL%body, encoding='utf-8')

class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, '.js':'text/javascript', '.mjs':'text/javascript', '.wasm':'application/wasm'}
    def log_message(self, *args): pass

class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args): pass # a page that is closed while it loads

@contextlib.contextmanager
def served(folder):
    "A server on a free port; gives the address of the page."
    server = Server(('127.0.0.1',0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try: yield f'http://127.0.0.1:{server.server_port}/play/index.html'
    finally: server.shutdown()


# What the modules compute

MODULES = '''async () => Object.assign(window, await import('./emotion.js'), await import('./compose.js'), await import('./sound.js'),
  {networks: await (await import('./networks.js')).Networks.load()})'''

def numbers(x): return np.asarray(x, float).tolist()
def furthest(pairs): return max(float(np.abs(np.asarray(a, float)-np.asarray(b, float)).max()) for a,b in pairs)

def near(name, pairs, tolerance=1e-4):
    "Check that each pair of vectors is equal, and say how nearly."
    far = furthest(pairs)
    check(name, '' if far<=tolerance else f'{far:.2e} apart, allowed is {tolerance:g}')
    say(f'at most {far:.1e} apart')

def compare_numbers(page, golden):
    "Codes, networks and features with the golden vectors."
    def cases(name): return [golden[name,i] for n,i in golden if n==name]
    def ask(js, rows): return page.evaluate(f'rows => {js}', [numbers(r) for r in rows])
    near('code of an emotion', zip(ask('rows.map(encode)', cases('emotion')), cases('code')), 1e-9)
    near('emotion of a noisy code', zip(ask('rows.map(decode)', cases('noisy_code')), cases('decoded')), 1e-9)
    for m in MODELS: near(m, zip(ask(f'networks.run("{m}", rows)', cases(f'{m}.input')), cases(f'{m}.output')))
    heard = [page.evaluate('x => networks.measure(Float32Array.from(x))', numbers(golden_sound(i+1))) for i in range(2)]
    scale = [np.maximum(abs(f), 1e-3) for f in cases('audio_features.output')]
    near('audio_features, in shares of each value', [(np.array(h)/s, f/s) for h,f,s in zip(heard, cases('audio_features.output'), scale)])
    said = ask('rows.map(decode)', ask('networks.run("emotion_recognizer", rows)', heard))
    near('emotion of the golden sounds', zip(said, map(decode, cases('emotion_recognizer.output'))))

QUESTIONS = '''([e, notes, mode, tonic, score]) => ({dynamics_engine: intensityAsked(e), groove_predictor: arousalAsked(score, e[1])[0],
  harmony_predictor: nextState([tonic], {classes: expectedClasses(notes, mode), mode, code: encode(e), beat: 2})})'''

def compare_questions(page, golden):
    "What the page asks the networks for the golden emotions."
    pairs,networks = {m:[] for m in ('dynamics_engine','harmony_predictor','groove_predictor')},load_networks()
    for i,e in enumerate(GOLDEN_EMOTIONS):
        wanted = {m:golden[f'{m}.input',i] for m in pairs}
        mode = 'major' if wanted['harmony_predictor'][126]>0 else 'minor'
        score = write_score(networks, make_plan(networks, emotion_curve(e, 4), seed=i))[1]
        rows = [dict(at=int(on), pitch=int(p), part=int(part)) for on,_,_,p,part in score]
        said = page.evaluate(QUESTIONS, [numbers(e), numbers(golden['melody_transformer.output',i]), mode, 0 if mode=='major' else 1, rows])
        for m in pairs: pairs[m].append((said[m], wanted[m]))
    for m in pairs: near(f'question to {m}', pairs[m])

def compare_pieces(page):
    "Whole pieces, note for note."
    cases = [(e,s) for e in (*GOLDEN_EMOTIONS, *(find_node(n).emotion for n in ('hope','serenity','boredom','panic'))) for s in range(4)]
    made = page.evaluate('async cases => { const out = []; for (const [e, seed] of cases) out.push(await compose(networks, e, seed)); return out }',
                         [[numbers(e), s] for e,s in cases])
    wrong,far,count = [],0.,0
    for (e,s),m in zip(cases, made):
        p = compose(e, seed=s)
        ours = np.column_stack([p.played[k] for k in ('track','pitch','velocity','onset_beats','duration_beats')]).astype(float)
        theirs = np.array([[n[k] for k in ('part','pitch','velocity','onset','duration')] for n in m['notes']], float)
        frame = [[c['beat'],c['root'],c['quality']] for c in m['chords']],m['tonic'],m['mode'],m['tempo']
        same = frame==([list(c) for c in p.chords],p.tonic,p.mode,p.tempo_bpm) and ours.shape==theirs.shape and (ours[:,:3]==theirs[:,:3]).all()
        if same: far,count = max(far, furthest([(ours, theirs)])),count+len(ours)
        else: wrong.append(f'{e} seed {s}')
    # one may differ: the last digits of the networks depend on the processor, and now and then one decides
    check('pieces are note for note those of Python', '; '.join(wrong) if len(wrong)>1 else '' if far<1e-4 else f'{far} beats apart')
    say(f'{len(cases)} pieces, {count} notes; {len(wrong)} pieces differ, onsets and lengths at most {far:.1e} beats')
    notes = np.array([[n['pitch'],n['velocity'],n['onset'],n['onset']+n['duration']] for m in made for n in m['notes']])
    check('all notes lie in range and within the eight bars', '' if (notes>=(28,1,0,0)).all() and (notes<=(96,127,32,32)).all() else 'they do not')
    again = page.evaluate('([e, seed]) => compose(networks, e, seed)', [numbers(cases[0][0]), cases[0][1]])
    check('the same seed gives the same piece, another one another', '' if again==made[0] and made[1]['notes']!=made[0]['notes'] else 'it does not')

RENDER = '''async e => {
  const sound = await render(await compose(networks, e, 0))
  return [0, 1].map(c => {
    const bytes = new Uint8Array(sound.getChannelData(c).buffer), pieces = []
    for (let i = 0; i < bytes.length; i += 32768) pieces.push(String.fromCharCode(...bytes.subarray(i, i + 32768)))
    return btoa(pieces.join(''))
  })
}'''

def check_sound(page):
    "Level of quiet and loud pieces; silence at both ends."
    for name in ('serenity','hope','rage'):
        x = np.stack([np.frombuffer(base64.b64decode(c), np.float32) for c in page.evaluate(RENDER, numbers(find_node(name).emotion))], 1)
        peak,db,ends = float(abs(x).max()),20*np.log10(np.sqrt((x**2).mean())+1e-12),max(abs(x[0]).max(), abs(x[-1000:]).max())
        check(f'sound of {name} is neither silent nor clipped', '' if peak<.98 and -36<db<-10 else f'peak {peak:.2f}, {db:.1f} dB')
        check(f'sound of {name} begins and ends in silence', '' if ends<1e-4 else f'{ends:.1e}')
        say(f'{len(x)/44100:.0f} s, peak {peak:.2f}, {db:.1f} dB')


# The page in use

TAP = '''() => { // hears what goes to the speakers
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

def pictures(page): return [e.get_attribute('aria-label') for e in page.locator('[role=img]').all()]
def values(page): return [float(page.locator(f'#{d}').input_value()) for d in DIMENSIONS]
def shift(element): return [float(x) for x in re.findall(r'-?[\d.]+', element.get_attribute('transform'))]
def at(word): return np.asarray(find_node(word).emotion)

def place(page, v, a): # of a valence and an arousal on the screen
    box = page.locator('#map').bounding_box()
    return box['x']+box['width']*(240+215*v)/480,box['y']+box['height']*(190-170*a)/380

def alert(page, why):
    "What is wrong unless the page alerts to `why`."
    said = page.locator('[role=alert]')
    return '' if until(page, lambda: why in said.inner_text()) else f'it says {said.inner_text()!r}'

def goes(page, emotion, **kw):
    "What is wrong unless the sliders get there."
    return '' if until(page, lambda: np.allclose(values(page)[:len(emotion)], emotion, **kw), 2) else f'{values(page)}'

LATENCY = '''async () => {
  const slider = document.getElementById('arousal'), roll = document.getElementById('roll'), took = []
  for (let k = 0; k < 20; k++) {
    const start = performance.now(), was = roll.innerHTML
    slider.value = -.9 + .09 * k
    slider.dispatchEvent(new Event('input'))
    while (roll.innerHTML === was) await new Promise(done => setTimeout(done, 1))
    took.push(performance.now() - start)
  }
  return took
}'''

def check_controls(page):
    "Sliders, map and words."
    before,readout = pictures(page),page.locator('#valence + output')
    page.locator('#valence').focus()
    for _ in range(10): page.keyboard.press('ArrowLeft')
    moved = until(page, lambda: sum(a!=b for a,b in zip(before, pictures(page)))>=3)
    check('arrow keys on a slider change its read-out and the pictures', '' if moved and readout.inner_text()=='+0.60' else readout.inner_text())
    ms = page.evaluate(LATENCY)
    check('pictures follow a slider, move by move')
    say(f'from a slider to the new piece on the screen: median {np.median(ms):.0f} ms, largest {max(ms):.0f} ms')
    rage = place(page, *at('rage')[:2])
    page.mouse.click(*rage)
    check('a click on a word of the map goes there', goes(page, at('rage')))
    page.mouse.move(*rage); page.mouse.down(); page.mouse.move(*place(page, .3, .1), steps=5); page.mouse.up()
    check('the point can be dragged', goes(page, (.3,.1), atol=.02))
    page.mouse.move(*place(page, *at('grief')[:2]))
    names = page.locator('#marks').text_content()
    check('the word under the pointer is shown', '' if 'grief' in names else names)
    was = values(page)
    page.locator('#point').focus(); page.keyboard.press('ArrowRight'); page.keyboard.press('ArrowUp')
    check('arrow keys move the point', goes(page, np.add(was, (.05,.05,0,0)), atol=.011))
    page.keyboard.press('Enter')
    check('Enter goes to the nearest word', goes(page, at(page.locator('#near button').first.inner_text())))
    page.locator('#word').fill('nostalgie'); page.locator('#word').press('Enter')
    check('a wrong word is answered', alert(page, 'not among the 216 words'))
    page.locator('#word').fill('Grief'); page.locator('#word').press('Enter')
    check('a word goes there', goes(page, at('grief')))
    check('and the message goes', page.locator('[role=alert]').inner_text())

CONTROLS = '.play :is(button, input, [tabindex])'
NAMELESS = '''() => [...document.querySelectorAll('.play :is(button, input, [role=img], [role=slider], figure[tabindex])')]
  .filter(e => !e.labels?.length && !(e.tagName === 'BUTTON' && e.textContent.trim()) && (e.getAttribute('aria-label') ?? '').length < 8)
  .map(e => e.outerHTML.slice(0, 60))'''

def check_keyboard(page):
    "Tab reaches every control, and each has a name."
    page.locator('h1').click()
    wanted = set(page.evaluate(f'() => [...document.querySelectorAll("{CONTROLS}")].filter(e => !e.disabled).map((e, k) => e.dataset.k = "" + k)'))
    reached = set()
    for _ in range(len(wanted)+8):
        page.keyboard.press('Tab')
        reached.add(page.evaluate('document.activeElement.dataset.k'))
    check('Tab reaches every control', '; '.join(page.locator(f'[data-k="{k}"]').evaluate('e => e.outerHTML.slice(0, 60)') for k in wanted-reached))
    check('every control and picture has a name', ', '.join(page.evaluate(NAMELESS)))

def check_playing(page, folder):
    "Play, Another, Stop; the MIDI file."
    play,head,what,levels = page.locator('#toggle'),page.locator('#head'),page.locator('#what'),[]
    def level(): levels.append(page.evaluate('level()')); return levels[-1]
    def reach(): return sum(float(head.get_attribute(a) or 0) for a in ('x','width'))
    play.click()
    check('Play makes sound', '' if until(page, lambda: level()>.02) else f'level {max(levels):.4f}')
    before,was = reach(),what.inner_text()
    check('the place that sounds moves', '' if until(page, lambda: reach()>before+5) else f'from {before} to {reach()}')
    page.emulate_media(reduced_motion='reduce')
    check('it moves bar by bar where motion is to be reduced', '' if until(page, lambda: head.get_attribute('width')=='120') else 'it does not')
    page.emulate_media(reduced_motion='no-preference')
    page.locator('#another').click()
    check('Another composes another piece', '' if until(page, lambda: what.inner_text()!=was) else was)
    for _ in range(15): page.wait_for_timeout(100); level()
    check('what is played is not clipped', '' if max(levels)<1 else f'{max(levels):.2f}')
    play.click()
    check('Stop is silence', '' if until(page, lambda: level()<1e-4) and 'Play' in play.inner_text() else f'level {levels[-1]:.4f}')
    with page.expect_download() as download: page.locator('#save').click()
    download.value.save_as(folder/'page.mid')
    *x,seed = map(float, re.findall(r'-?[\d.]+', page.locator('#python').inner_text()))
    compose(Emotion(*x), seed=int(seed)).save(folder/'python.mid')
    ours,theirs = (read_midi(folder/f'{n}.mid') for n in ('page','python'))
    check('the saved MIDI file says what the line of Python makes', '' if ours.equals(theirs) else f'{ours} and {theirs}')

def wav(folder, x, sr=SAMPLE_RATE):
    write_wav(folder/'x.wav', x, sr=sr)
    return (folder/'x.wav').read_bytes()

def choose(page, name, data): page.locator('#file').set_input_files(dict(name=name, mimeType='audio/wav', buffer=data))

def drop(page, name, data):
    files = page.evaluate_handle('''([name, data]) => { const t = new DataTransfer()
        t.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt())], name, {type: 'audio/wav'})); return t }''',
        [name, base64.b64encode(data).decode()])
    page.locator('#drop').dispatch_event('drop', dict(dataTransfer=files))

def check_hearing(page, folder):
    "Recordings that are dropped or chosen."
    far = []
    for name,sr,give in (('rage',SAMPLE_RATE,choose), ('serenity',44100,drop), ('grief',48000,drop)):
        give(page, f'{name}.wav', wav(folder, render(compose(name).score, backend='embedded', room=.3, sr=sr), sr))
        python,heard = np.asarray(hear(folder/'x.wav')),page.locator('#heard')
        if not until(page, lambda name=name, heard=heard: f'{name}.wav sounds like' in heard.inner_text(), 20):
            check(f'{name}.wav is heard', page.locator('.transport').inner_text()); continue
        x,y = shift(page.locator('.star'))
        said = [float(n.replace('−','-')) for n in re.findall(r'[+−]?\d\.\d+', heard.inner_text())]
        far.append(furthest([(said, python), ([(x-240)/215,(190-y)/170], python[:2])]))
        check(f'words and star of {name}.wav ({sr} Hz) are where Python hears it', '' if far[-1]<.02 else f'{said} and {python.round(3)}')
        page.locator('#heard button').click()
        check(f'Compose from {name}.wav moves the sliders', goes(page, said, atol=.006))
    say(f'at most {max(far):.3f} from what Python hears')

def check_no_recordings(page, folder):
    "Files that cannot be heard."
    for name,data,why in (('words.wav',b'not a sound','is not a sound file'), ('silent.wav',wav(folder, np.zeros(SAMPLE_RATE, np.float32)),'is silent'),
                          ('short.wav',wav(folder, np.full(1000, .1, np.float32)),'is shorter than half a second')):
        choose(page, name, data)
        check(f'{name} is answered', alert(page, f'{name} {why}'))

def check_failures(context, address):
    "Model files that are missing or of another kind are named."
    other,old = (model_path(m).read_bytes() for m in ('melody_transformer','harmony_predictor'))
    old = old.replace(b'"contract_version": "1.0"', b'"contract_version": "0.9"')
    for what,reply,why in (('missing', dict(status=404), 'harmony_predictor.onnx cannot be loaded (404)'),
                           ('another network', dict(body=other), 'model is melody_transformer, expected harmony_predictor'),
                           ('of another contract', dict(body=old), 'contract version is 0.9, expected')):
        page = context.new_page()
        page.route('**/harmony_predictor.onnx', lambda route, _, reply=reply: route.fulfill(**reply))
        page.goto(address)
        check(f'a model file that is {what} is answered', alert(page, why))
        page.close()

CONTRAST = '''() => { // the smallest, of all text
  const rgb = s => s.match(/[\\d.]+/g).map(Number), linear = x => (x /= 255) <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4
  const light = c => .2126 * linear(c[0]) + .7152 * linear(c[1]) + .0722 * linear(c[2])
  const ground = e => {
    const c = e ? rgb(getComputedStyle(e).backgroundColor) : [255, 255, 255]
    return c.length < 4 || c[3] === 1 ? c : ground(e.parentElement)
  }
  const texts = [...document.querySelectorAll('.play :is(button:enabled, small, label, p, output, figcaption, code)')]
  return Math.min(...texts.filter(e => e.offsetParent && e.textContent.trim()).map(e => {
    const back = ground(e), {color, opacity} = getComputedStyle(e), front = rgb(color).slice(0, 3).map((x, k) => opacity * x + (1 - opacity) * back[k])
    const [a, b] = [light(front), light(back)]
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
  }))
}'''

def check_looks(page, screenshots):
    "Light, dark, and as wide as a phone."
    for name,theme,width,height in (('light','quarto-light',1280,1750), ('dark','quarto-dark',1280,1750), ('phone','quarto-light',390,844)):
        page.set_viewport_size(dict(width=width, height=height))
        page.evaluate(f'document.body.className = "{theme}"; document.activeElement.blur(); scrollTo(0, 0)')
        page.wait_for_timeout(300)
        contrast,wide = page.evaluate(CONTRAST),page.evaluate('document.documentElement.scrollWidth')
        check(f'text stands out ({name})', '' if contrast>=4.5 else f'contrast {contrast:.1f}')
        check(f'the page is no wider than the screen ({name})', '' if wide<=width else f'{wide} px')
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(screenshots/f'play_{name}.png'))

def visit(context, address, folder, screenshots):
    "All that a visitor does."
    page,said,asked,start = context.new_page(),[],set(),time.time()
    page.on('pageerror', lambda e: said.append(str(e)))
    page.on('console', lambda m: said.append(m.text) if m.type in ('error','warning') else None)
    page.on('request', lambda r: asked.add(r.url))
    page.add_init_script(f'({TAP})()')
    page.goto(address)
    ready = until(page, lambda: page.locator('#toggle').is_enabled(), 30)
    check('the page opens and its networks load', '' if ready else page.locator('.transport').inner_text())
    say(f'after {time.time()-start:.1f} s')
    page.evaluate(MODULES)
    golden = read_golden(write_golden(folder/'golden.csv'))
    compare_numbers(page, golden)
    compare_questions(page, golden)
    compare_pieces(page)
    check_sound(page)
    check_controls(page)
    check_keyboard(page)
    check_hearing(page, folder)
    check_playing(page, folder)
    check_looks(page, screenshots)
    check_no_recordings(page, folder)
    check('no error in the browser', '; '.join(said)[:500])
    check('nothing is asked of another host', '; '.join(u for u in asked if not u.startswith((address.rsplit('/', 2)[0],'blob:','data:'))))
    check_failures(context, address)

def main(screenshots=None):
    start = time.time()
    sync_playwright,browser = find_browser()
    if not sync_playwright: print(browser); return MISSING
    typed_twice.main(most=1)
    with tempfile.TemporaryDirectory() as tmp:
        site = Path(tmp)/'site'
        make_site(site)
        if play_assets.main(site/'play'): return MISSING
        with served(site) as address, sync_playwright() as p:
            chromium = p.chromium.launch(executable_path=browser, args=[*FLAGS, '--autoplay-policy=no-user-gesture-required'])
            try: visit(chromium.new_context(viewport=dict(width=1280, height=1000)), address, Path(tmp), screenshots)
            except Exception as e: check('the visit', f'{type(e).__name__}: {e}')
            chromium.close()
    say(f'all of it took {time.time()-start:.0f} s')
    return int(bool(failed))

if __name__=='__main__':
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument('--screenshots', type=Path, help='folder for pictures of the page in light, in dark and on a phone')
    sys.exit(main(**vars(args.parse_args())))
