"""What the JavaScript modules of the page that plays compute, compared with Python: a part of tools/play.py.

Golden vectors, the questions that the page asks the networks, whole pieces note for note, the level of the sound."""
import base64
import itertools
import operator
import sys
import numpy as np
from report import ROOT, check, say
sys.path.insert(0, str(ROOT))
from midikompanion_ml.composing.arrangement import write_score
from midikompanion_ml.composing.compose import compose
from midikompanion_ml.composing.emotion_curves import emotion_curve
from midikompanion_ml.composing.plan import load_networks, make_plan
from midikompanion_ml.contract import MODELS
from midikompanion_ml.emotion import decode
from midikompanion_ml.export.golden import GOLDEN_EMOTIONS, golden_sound, read_golden, write_golden
from midikompanion_ml.thesaurus import find_node

MODULES = '''async () => Object.assign(window,
  await import('./emotion.js'), await import('./compose.js'), await import('./sound.js'),
  {networks: await (await import('./networks.js')).Networks.load()})'''

def as_lists(values):
    "An array as nested lists of floats, which can be passed to the browser."
    return np.asarray(values, float).tolist()

def largest_difference(pairs):
    "The largest difference between two values at the same place, over all pairs of arrays."
    return max(float(np.abs(np.asarray(a, float)-np.asarray(b, float)).max()) for a, b in pairs)

def check_close(name, pairs, tolerance=1e-4):
    "Check that the two vectors of each pair agree, and report the largest difference."
    difference = largest_difference(pairs)
    check(name, '' if difference<=tolerance else f'they differ by {difference:.2e}, allowed is {tolerance:g}')
    say(f'largest difference {difference:.1e}')


# Golden vectors

def golden_cases(golden, name):
    "The golden vectors of one name, in order."
    return [vector for (vector_name, _), vector in golden.items() if vector_name==name]

def evaluate_rows(page, expression, rows):
    "The value of a JavaScript expression of `rows`."
    return page.evaluate(f'rows => {expression}', [as_lists(row) for row in rows])

def compare_codes(page, golden):
    codes = evaluate_rows(page, 'rows.map(encode)', golden_cases(golden, 'emotion'))
    check_close('code of an emotion', zip(codes, golden_cases(golden, 'code')), 1e-9)
    emotions = evaluate_rows(page, 'rows.map(decode)', golden_cases(golden, 'noisy_code'))
    check_close('emotion of a noisy code', zip(emotions, golden_cases(golden, 'decoded')), 1e-9)

def compare_networks(page, golden):
    for model in MODELS:
        outputs = evaluate_rows(page, f'networks.run("{model}", rows)', golden_cases(golden, f'{model}.input'))
        check_close(model, zip(outputs, golden_cases(golden, f'{model}.output')))

def measure_sound(page, sound): # audio features
    return page.evaluate('sound => networks.measure(Float32Array.from(sound))', as_lists(sound))

def compare_hearing(page, golden):
    "Audio features of the golden sounds, and the emotions that the recogniser finds in them."
    features = [measure_sound(page, golden_sound(seed)) for seed in (1, 2)]
    relative = []
    for measured, expected in zip(features, golden_cases(golden, 'audio_features.output')):
        scale = np.maximum(abs(expected), 1e-3)
        relative.append((np.array(measured)/scale, expected/scale))
    check_close('audio_features, relative to each value', relative)
    codes = evaluate_rows(page, 'networks.run("emotion_recognizer", rows)', features)
    emotions = evaluate_rows(page, 'rows.map(decode)', codes)
    expected_emotions = map(decode, golden_cases(golden, 'emotion_recognizer.output'))
    check_close('emotion of the golden sounds', zip(emotions, expected_emotions))


# Questions to the networks

QUESTIONS = '''([emotion, notes, mode, tonic, score]) => ({
  dynamics_engine: intensityAsked(emotion),
  groove_predictor: arousalAsked(score, emotion[1])[0],
  harmony_predictor: nextState([tonic], {classes: expectedClasses(notes, mode), mode, code: encode(emotion), beat: 2})
})'''

def page_questions(page, networks, emotion, *, case, melody):
    "What the page asks three networks about an emotion, by name; `melody` is the answer of the melody network."
    plan = make_plan(networks, emotion_curve(emotion, 4), seed=case)
    mode = plan.modes[0]
    tonic = 0 if mode=='major' else 1 # the tonic chord, as an index in CHORDS
    _, score = write_score(networks, plan)
    rows = [dict(at=int(onset), pitch=int(pitch), part=int(part)) for onset, _, _, pitch, part in score]
    return page.evaluate(QUESTIONS, [as_lists(emotion), as_lists(melody), mode, tonic, rows])

def compare_questions(page, golden):
    "What the page asks the networks for the golden emotions."
    networks = load_networks()
    pairs = {model: [] for model in ('dynamics_engine', 'harmony_predictor', 'groove_predictor')}
    for case, emotion in enumerate(GOLDEN_EMOTIONS):
        melody = golden['melody_transformer.output', case]
        questions = page_questions(page, networks, emotion, case=case, melody=melody)
        for model in pairs: pairs[model].append((questions[model], golden[f'{model}.input', case]))
    for model in pairs: check_close(f'question to {model}', pairs[model])


# Whole pieces

WORDS = ('hope', 'serenity', 'boredom', 'panic') # composed besides the golden emotions

COMPOSE = '([emotion, seed]) => compose(networks, emotion, seed)'

COMPOSE_ALL = '''async cases => {
  const pieces = []
  for (const [emotion, seed] of cases) pieces.push(await compose(networks, emotion, seed))
  return pieces
}'''

LOWEST = (28, 1, 0, 0)     # pitch, velocity, beat at which a note begins, beat at which it ends
HIGHEST = (96, 127, 32, 32)

note_columns = operator.itemgetter('part', 'pitch', 'velocity', 'onset', 'duration')

def python_notes(piece): # (notes, 5), in the order of note_columns
    names = ('track', 'pitch', 'velocity', 'onset_beats', 'duration_beats')
    return np.column_stack([piece.played[name] for name in names]).astype(float)

def page_notes(piece): # (notes, 5), in the order of note_columns
    return np.array([note_columns(note) for note in piece['notes']], float)

def same_frame(piece, page_piece):
    "Whether two pieces have the same chords, key and tempo."
    chords = [[chord['beat'], chord['root'], chord['quality']] for chord in page_piece['chords']]
    frame = (chords, page_piece['tonic'], page_piece['mode'], page_piece['tempo'])
    return frame==([list(chord) for chord in piece.chords], piece.tonic, piece.mode, piece.tempo_bpm)

def timing_difference(piece, page_piece):
    "Largest difference of an onset or a length, in beats; None when the pieces differ in anything else."
    ours = python_notes(piece)
    theirs = page_notes(page_piece)
    if not same_frame(piece, page_piece) or ours.shape!=theirs.shape: return None
    return largest_difference([(ours, theirs)]) if (ours[:,:3]==theirs[:,:3]).all() else None

def compare_notes(cases, page_pieces):
    "Compose every case in Python and compare it with the piece of the page."
    differing = []
    difference = 0.
    notes = 0
    for (emotion, seed), page_piece in zip(cases, page_pieces):
        piece = compose(emotion, seed=seed)
        beats = timing_difference(piece, page_piece)
        if beats is None:
            differing.append(f'{emotion} seed {seed}')
            continue
        difference = max(difference, beats)
        notes += len(page_piece['notes'])
    # one piece may differ: the final digits of the networks depend on the processor, and now and then one decides
    problem = '' if difference<1e-4 else f'onsets or lengths differ by {difference} beats'
    check('pieces are note for note those of Python', '; '.join(differing) if len(differing)>1 else problem)
    say(f'{len(cases)} pieces, {notes} notes; {len(differing)} pieces differ; '
        f'largest difference of an onset or a length {difference:.1e} beats')

def check_range(page_pieces):
    rows = []
    for piece in page_pieces:
        for note in piece['notes']:
            rows.append([note['pitch'], note['velocity'], note['onset'], note['onset']+note['duration']])
    notes = np.array(rows)
    inside = ((notes>=LOWEST)&(notes<=HIGHEST)).all(1)
    check('all notes lie in range and within the eight bars', '' if inside.all() else f'{(~inside).sum()} do not')

def compare_pieces(page):
    "Whole pieces, note for note."
    emotions = [*GOLDEN_EMOTIONS, *(find_node(word).emotion for word in WORDS)]
    cases = list(itertools.product(emotions, range(4)))
    questions = [[as_lists(emotion), seed] for emotion, seed in cases]
    page_pieces = page.evaluate(COMPOSE_ALL, questions)
    compare_notes(cases, page_pieces)
    check_range(page_pieces)
    piece, other_seed = page_pieces[:2] # of one emotion
    repeated = page.evaluate(COMPOSE, questions[0])
    problem = '' if repeated==piece else 'the same seed gave another piece'
    if other_seed['notes']==piece['notes']: problem = 'two seeds gave the same notes'
    check('the same seed gives the same piece, another seed a different one', problem)


# Sound

RENDER = '''async emotion => {
  const sound = await render(await compose(networks, emotion, 0))
  return [0, 1].map(channel => {
    const bytes = new Uint8Array(sound.getChannelData(channel).buffer), pieces = []
    for (let i = 0; i < bytes.length; i += 32768) pieces.push(String.fromCharCode(...bytes.subarray(i, i + 32768)))
    return btoa(pieces.join(''))
  })
}'''

def render_on_page(page, emotion): # (samples, 2), at 44100 Hz
    channels = page.evaluate(RENDER, as_lists(emotion))
    return np.stack([np.frombuffer(base64.b64decode(channel), np.float32) for channel in channels], 1)

def check_sound(page, word):
    "Level of the piece of a word, and silence at both ends."
    sound = render_on_page(page, find_node(word).emotion)
    peak = float(abs(sound).max())
    level_db = 20*np.log10(np.sqrt((sound**2).mean())+1e-12)
    ends = max(abs(sound[0]).max(), abs(sound[-1000:]).max())
    usual = peak<.98 and -36<level_db<-10
    check(f'sound of {word} is neither silent nor clipped', '' if usual else f'peak {peak:.2f}, {level_db:.1f} dB')
    check(f'sound of {word} begins and ends in silence', '' if ends<1e-4 else f'peak {ends:.1e} there')
    say(f'{len(sound)/44100:.0f} s, peak {peak:.2f}, {level_db:.1f} dB')


def compare_with_python(page, folder):
    "Every comparison, on an open page; the golden vectors are written to `folder`."
    page.evaluate(MODULES)
    golden = read_golden(write_golden(folder/'golden.csv'))
    compare_codes(page, golden)
    compare_networks(page, golden)
    compare_hearing(page, golden)
    compare_questions(page, golden)
    compare_pieces(page)
    for word in ('serenity', 'hope', 'rage'): check_sound(page, word)
