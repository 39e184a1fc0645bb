// The emotion that the recogniser hears in a recording, as midikompanion_ml.hear.
import {SAMPLE_RATE} from './contract.js'
import {HEARING} from './tables.js'
import {decode} from './emotion.js'

export async function readSound(file) { // mono at SAMPLE_RATE
  let sound
  try { sound = await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(await file.arrayBuffer()) } // resamples too
  catch { throw Error(`${file.name} is not a sound file that this browser can read`) }
  if (sound.duration < HEARING.shortest_sec) throw Error(`${file.name} is shorter than half a second`)
  const mono = new Float32Array(sound.length)
  for (let c = 0; c < sound.numberOfChannels; c++) sound.getChannelData(c).forEach((x, i) => { mono[i] += x / sound.numberOfChannels })
  return mono
}

const loudest = x => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

function* parts(sound) { // the last two share what is left, so that none is too short
  const size = HEARING.part_sec * SAMPLE_RATE
  let at = 0
  while (sound.length - at >= 2 * size) yield sound.subarray(at, at += size)
  const left = sound.length - at, half = Math.ceil(left / 2)
  if (left > size) yield sound.subarray(at, at += half)
  yield sound.subarray(at)
}

export async function hear(networks, file) {
  const sound = await readSound(file), code = Array(64).fill(0)
  let heard = 0
  for (const part of parts(sound)) {
    if (loudest(part) < HEARING.silence) continue
    const [said] = await networks.run('emotion_recognizer', [await networks.measure(part)])
    said.forEach((x, k) => { code[k] += x * part.length })
    heard += part.length
  }
  if (!heard) throw Error(`${file.name} is silent`)
  return decode(code.map(x => x / heard))
}
