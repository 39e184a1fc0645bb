// A piece as a Standard MIDI File, as midikompanion_ml.compose(...).save writes it.
import {CHANNELS, PARTS, PROGRAMS} from './tables.js'
import {range, round} from './maths.js'
import {nearest} from './emotion.js'

const TICKS = 480 // a beat
const SHARPS = {major: [0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5], minor: [-3, 4, -1, -6, 1, -4, 3, -2, 5, 0, -5, 2]} // of each tonic; flats are negative

const bytes = (x, n) => range(n).map(i => x >> 8 * (n - 1 - i) & 255)
const text = s => [...new TextEncoder().encode(s)]
const chunk = (name, content) => [...text(name), ...bytes(content.length, 4), ...content]
const meta = (kind, content) => [255, kind, content.length, ...content]
const length = x => { const out = [x & 127]; while (x >>= 7) out.unshift(x & 127 | 128); return out } // of variable size

function track(events) { // of [tick, ...bytes]
  let now = 0
  const content = events.sort((a, b) => a[0] - b[0]).flatMap(([tick, ...message]) => {
    const wait = length(tick - now)
    now = tick
    return [...wait, ...message]
  })
  return chunk('MTrk', [...content, 0, ...meta(47, [])])
}

export function midiFile({emotion, notes, tempo, tonic, mode}) {
  const head = [meta(6, text(`near ${nearest(emotion)[0].name}`)), meta(81, bytes(round(6e7 / tempo), 3)), meta(88, [4, 2, 24, 8]), 
    meta(89, [SHARPS[mode][tonic] & 255, +(mode === 'minor')])]
  const tracks = PARTS.map((name, part) => track([
    ...[meta(3, text(name)), ...(part ? [] : head), [192 | CHANNELS[name], PROGRAMS[name]]].map(m => [0, ...m]),
    ...notes.filter(n => n.part === part).flatMap(({onset, duration, pitch, velocity}) => {
      const on = round(onset * TICKS), off = Math.max(round((onset + duration) * TICKS), on + 1)
      return [[off, 128 | CHANNELS[name], pitch, 64], [on, 144 | CHANNELS[name], pitch, velocity]]
    })]))
  const header = chunk('MThd', [1, tracks.length, TICKS].flatMap(x => bytes(x, 2))) // type 1
  return new Blob([new Uint8Array([...header, ...tracks.flat()])], {type: 'audio/midi'})
}
