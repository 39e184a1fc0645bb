"The light install at work: emotions, words, notes, MIDI and sound, without the training packages."
import sys, tempfile
from pathlib import Path

EXTRAS = ('torch','onnx','onnxscript','librosa','soxr','scipy','tensorboard','nbdev','fastcore','jupyterlab','sklearn')
if '--without-extras' in sys.argv: sys.modules.update({name:None for name in EXTRAS}) # as if they were not installed

import numpy as np
import soundfile as sf
from midikompanion_ml.contract import MODELS, InputError
from midikompanion_ml.emotion import Emotion, decode, encode
from midikompanion_ml.explorer import explore
from midikompanion_ml.inference import audio_emotion, load_model
from midikompanion_ml.midi import read_midi, write_midi
from midikompanion_ml.synthesis import render, write_wav
from midikompanion_ml.synthetic import make_piece
from midikompanion_ml.thesaurus import THESAURUS, find_node, nearest_node

assert len(MODELS)==5 and len(THESAURUS)==216
joy = find_node('joy')
assert abs(decode(encode(joy.emotion))-np.asarray(joy.emotion)).max()<.01
assert nearest_node(joy.emotion).name=='joy'
try: Emotion(valence=1.4)
except InputError as e: assert 'valence 1.4' in str(e)
else: raise AssertionError('a valence of 1.4 was taken')

for name,m in MODELS.items():
    if name!='emotion_recognizer': assert load_model(name)(np.zeros(m.input.width)).shape==(m.output.width,)

panel = explore('joy')
panel.compose_button.click()
assert panel.piece.bars==8 and panel.pictures['map'].png.startswith(b'\x89PNG') and not panel.compose_message.value, panel.compose_message.value

with tempfile.TemporaryDirectory() as folder:
    score = make_piece(joy, seed=1).score
    write_midi(score, Path(folder)/'joy.mid')
    back = read_midi(Path(folder)/'joy.mid')
    assert len(back.notes)==len(score.notes) and (back.notes.pitch.sort_values().values==score.notes.pitch.sort_values().values).all()
    audio = render(back)
    assert np.isfinite(audio).all() and .01<abs(audio).max()<=1
    assert write_wav(Path(folder)/'joy.wav', audio).stat().st_size>100_000
    heard = audio_emotion(Path(folder)/'joy.wav')
    sad = audio_emotion(render(make_piece(find_node('despair'), seed=1).score))
    assert heard.valence>sad.valence and heard.arousal>sad.arousal, (heard, sad)
    sf.write(Path(folder)/'cd.wav', np.repeat(audio, 2), 44100) # at another rate
    assert abs(np.asarray(audio_emotion(Path(folder)/'cd.wav'))-np.asarray(heard)).max()<.3
    for name,sound,why in (('none.wav', None, 'a file that exists'), ('words.wav', 'words', 'WAV, MP3, FLAC or OGG'),
                           ('short.wav', audio[:2000], 'duration_sec'), ('silent.wav', 0*audio, 'silent')):
        if isinstance(sound, str): (Path(folder)/name).write_text(sound)
        elif sound is not None: sf.write(Path(folder)/name, sound, 22050)
        try: audio_emotion(Path(folder)/name)
        except InputError as e: assert why in str(e), e
        else: raise AssertionError(f'{name} was heard')

loaded = [m for m in EXTRAS if sys.modules.get(m) is not None]
assert not loaded, f'the light install loads {loaded}'
print(f'light install works on Python {sys.version.split()[0]}: {len(back.notes)} notes, {len(audio)/22050:.1f} s of sound')
