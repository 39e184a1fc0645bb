// An emotion is [valence, arousal, dominance, intensity]: its code, the words near it, the music that belongs to it. As midikompanion_ml.emotion.
import {BUMPS, DIMENSIONS} from './contract.js'
import {ATTRIBUTE_PLANES, ATTRIBUTE_RANGES, ATTRIBUTE_STRETCH, NODES} from './tables.js'
import {clamp, range, sum} from './maths.js'

export const RANGES = Object.values(DIMENSIONS)

const bumps = (x, [low, high]) => { // one dimension as 16 numbers
  const step = (high - low) / (BUMPS - 1)
  return range(BUMPS).map(k => 2 * Math.exp(-(((x - low) / step - k) ** 2) / 2) - 1)
}

export const encode = emotion => RANGES.flatMap((range, d) => bumps(emotion[d], range))

const GRID = 401 // values a dimension to compare with
const TEMPLATES = RANGES.map(([low, high]) => range(GRID).map(i => {
  const bump = bumps(low + (high - low) * i / (GRID - 1), [low, high])
  return [bump, sum(bump.map(t => t * t))]
}))

export function decode(code) { // the values whose code is nearest, refined by a parabola
  return RANGES.map(([low, high], d) => {
    const far = TEMPLATES[d].map(([bump, size]) => bump.reduce((left, t, k) => left - 2 * t * code[BUMPS * d + k], size))
    const i = clamp(far.indexOf(Math.min(...far)), 1, GRID - 2), [a, b, c] = far.slice(i - 1, i + 2)
    const shift = clamp((a - c) / Math.max(2 * (a - 2 * b + c), 1e-12), -1, 1)
    return clamp(low + (high - low) * (i + shift) / (GRID - 1), low, high)
  })
}

const distance = (a, b) => sum(a.map((x, d) => (x - b[d]) ** 2))

export const WORDS = NODES.map(([name, ...x], id) => ({id, name, emotion: x.slice(0, 4), related: x[4], basic: Math.floor(id / 36)}))

export function nearest(emotion, n = 1) { // the n words nearest to an emotion
  return WORDS.map(w => [distance(w.emotion, emotion), w]).sort((a, b) => a[0] - b[0]).slice(0, n).map(([, w]) => w)
}

export function attributes([v, a, d, i]) { // what composing needs of the musical attributes
  const [least, most] = ATTRIBUTE_STRETCH, stretch = least + (most - least) * i, x = [1, v * stretch, a * stretch, d * stretch]
  const at = name => sum(ATTRIBUTE_PLANES[name].map((c, k) => c * x[k]))
  const within = name => clamp(at(name), ...ATTRIBUTE_RANGES[name])
  return {tempo_bpm: within('tempo_bpm'), register_pitch: within('register_pitch'), notes_per_sec: Math.exp(at('log_notes_per_sec'))}
}
