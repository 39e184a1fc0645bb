"""The light install at work: emotions, words, notes, MIDI and sound, without the training packages.

    python tools/smoke.py [--without-extras]

With `--without-extras`, packages that a light install does not have cannot be imported."""
import sys
import tempfile
from pathlib import Path

EXTRAS = ('torch', 'onnx', 'onnxscript', 'librosa', 'soxr', 'scipy', 'tensorboard', 'nbdev', 'jupyterlab', 'sklearn')
if '--without-extras' in sys.argv: sys.modules.update({name: None for name in EXTRAS})

import midikompanion_ml as mk
import numpy as np
import soundfile
from midikompanion_ml.contract import MODELS, SAMPLE_RATE
from midikompanion_ml.data.synthetic.piece import make_piece
from midikompanion_ml.emotion import decode, encode
from midikompanion_ml.music.midi import write_midi
from midikompanion_ml.sound.audio import write_wav

def fails_with(run, text):
    "Whether bad input is refused with a message that contains `text`."
    try: run()
    except mk.InputError as error: return text in str(error)
    return False

def check_emotions():
    joy = mk.find_node('joy')
    assert len(mk.THESAURUS)==216
    assert abs(decode(encode(joy.emotion))-np.asarray(joy.emotion)).max()<.01
    assert mk.nearest_node(joy.emotion).name=='joy'
    assert fails_with(lambda: mk.Emotion(valence=1.4), 'valence 1.4')

def check_networks():
    assert len(MODELS)==5
    for name,model in MODELS.items():
        if name=='emotion_recognizer': continue # it is asked about sound below
        assert mk.load_model(name)(np.zeros(model.input.width)).shape==(model.output.width,)

def check_explorer():
    panel = mk.explore('joy')
    panel.compose_tab.compose_button.click()
    assert not panel.compose_tab.message.value, panel.compose_tab.message.value
    assert panel.piece.bars==8
    assert panel.pictures['map'].png.startswith(b'\x89PNG')

def check_midi(folder):
    "Write a score and read it back. Returns the score that was read."
    score = make_piece(mk.find_node('joy'), seed=1).score
    write_midi(score, folder/'joy.mid')
    read = mk.read_midi(folder/'joy.mid')
    assert sorted(read.notes.pitch)==sorted(score.notes.pitch)
    return read

def check_sound(score, folder):
    "Render a score, and ask the recogniser about it. Returns the samples."
    audio = mk.render(score)
    assert np.isfinite(audio).all() and .01<abs(audio).max()<=1
    assert write_wav(folder/'joy.wav', audio).stat().st_size>100_000
    joy = mk.hear(folder/'joy.wav')
    despair = mk.hear(mk.render(make_piece(mk.find_node('despair'), seed=1).score))
    assert joy.valence>despair.valence and joy.arousal>despair.arousal, (joy, despair)
    soundfile.write(folder/'cd.wav', np.repeat(audio, 2), 2*SAMPLE_RATE) # the same at another rate
    assert abs(np.asarray(mk.hear(folder/'cd.wav'))-np.asarray(joy)).max()<.3
    return audio

def check_bad_recordings(audio, folder):
    (folder/'words.wav').write_text('words')
    soundfile.write(folder/'short.wav', audio[:2000], SAMPLE_RATE)
    soundfile.write(folder/'silent.wav', 0*audio, SAMPLE_RATE)
    for name,text in (('none.wav','a file that exists'), ('words.wav','WAV, MP3, FLAC or OGG'),
                      ('short.wav','duration_sec'), ('silent.wav','silent')):
        assert fails_with(lambda: mk.hear(folder/name), text), name # noqa: B023, called at once

def main():
    check_emotions()
    check_networks()
    check_explorer()
    with tempfile.TemporaryDirectory() as folder:
        score = check_midi(Path(folder))
        audio = check_sound(score, Path(folder))
        check_bad_recordings(audio, Path(folder))
    extras = [name for name in EXTRAS if sys.modules.get(name) is not None]
    assert not extras, f'the light install loads {extras}'
    print(f'light install works on Python {sys.version.split()[0]}: {len(score.notes)} notes, '
          f'{len(audio)/SAMPLE_RATE:.1f} s of sound')

if __name__=='__main__': main()
