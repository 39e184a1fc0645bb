// Small pictures as SVG, each with a sentence that says what it shows.
import {BASIC_EMOTIONS, CHORD_SLOTS, CHORD_SUFFIXES, PARTS, SPELLING, VELOCITY_SPAN} from './tables.js'
import {clamp, mean, range} from './maths.js'
import {WORDS, nearest} from './emotion.js'

function tag(name, attributes, content = '') {
  const said = Object.entries(attributes).map(([key, x]) => ` ${key}="${typeof x === 'number' ? +x.toFixed(1) : x}"`)
  return `<${name}${said.join('')}>${content}</${name}>`
}
const line = (x1, y1, x2, y2, look = 'rule') => tag('line', {x1, y1, x2, y2, class: look})
const rect = (x, y, width, height, look, more = {}) => tag('rect', {x, y, width: Math.max(width, 0), height: Math.max(height, 0), class: look, ...more})
const text = (x, y, words, anchor = 'start', look = '') => tag('text', {x, y, 'text-anchor': anchor, class: look}, words)
const shape = (d, x, y, look) => tag('path', {d, class: look, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`})

export const signed = (x, digits = 2) => (x < 0 ? '−' : '+') + Math.abs(x).toFixed(digits)
const percent = x => `${Math.round(100 * x)} %`
const best = (p, n) => range(p.length).sort((a, b) => p[b] - p[a]).slice(0, n)
const chordName = (root, quality, mode) => SPELLING[mode][root] + CHORD_SUFFIXES[quality]
const slotName = slot => CHORD_SLOTS[slot].chord ? chordName(...CHORD_SLOTS[slot].chord, 'major') : 'no chord'
export const keyName = ({tonic, mode}) => `${SPELLING[mode][tonic].replace('b', '♭').replace('#', '♯')} ${mode}`

// The map, on a ground of 480 by 380

export const MAP = {x: v => 240 + 215 * v, y: a => 190 - 170 * a, valence: x => (x - 240) / 215, arousal: y => (190 - y) / 170}
const where = ([v, a]) => [MAP.x(v), MAP.y(a)]
const SHAPES = ['M0-5A5 5 0 1 1-.01-5Z', 'M-5.2-4H5.2L0 5.4Z', 'M-4.4-4.4H4.4V4.4H-4.4Z', 'M-5.2 4H5.2L0-5.4Z', 'M0-5.8L5.8 0 0 5.8-5.8 0Z',
  'M-5-2.4L-2.4-5 0-2.6 2.4-5 5-2.4 2.6 0 5 2.4 2.4 5 0 2.6-2.4 5-5 2.4-2.6 0Z'] // of the basic emotions
const STAR = `M${range(10).map(k => [Math.sin(Math.PI * k / 5), -Math.cos(Math.PI * k / 5)].map(x => (x * (k % 2 ? 4.6 : 11)).toFixed(1))).join('L')}Z`

export function mapGround() { // what stays: axes and words
  return [line(8, 190, 472, 190), line(240, 8, 240, 372), text(472, 184, 'pleasant', 'end'), text(8, 184, 'unpleasant'), text(246, 18, 'excited'),
    text(246, 372, 'calm'), ...WORDS.map(w => shape(SHAPES[w.basic], ...where(w.emotion), `word b${w.basic}`))].join('')
}

export function mapLegend() {
  return BASIC_EMOTIONS.map((name, k) => tag('span', {}, `${tag('svg', {viewBox: '-7 -7 14 14'}, shape(SHAPES[k], 0, 0, `word b${k}`))} ${name}`)).join(' ')
}

export function mapMarks(emotion, heard, hovered) { // what moves: the nearest word and its relations, the word under the pointer, the star of what was heard
  const [near] = nearest(emotion), relations = near.related.map(id => line(...where(near.emotion), ...where(WORDS[id].emotion), 'relation'))
  const names = new Set(hovered ? [near, hovered] : [near])
  const labels = [...names].map(w => {
    const [x, y] = where(w.emotion), left = x > 340
    return text(x + (left ? -9 : 9), y - 9, w.name, left ? 'end' : 'start', 'name')
  })
  return [...relations, ...labels, heard ? shape(STAR, ...where(heard), 'star') : ''].join('')
}

export function mapSays(emotion, heard) {
  const place = ([v, a]) => `valence ${signed(v)}, arousal ${signed(a)}`, words = nearest(emotion, 5).map(w => w.name).join(', ')
  return `Map of 216 emotion words over valence and arousal. The point at ${place(emotion)} is nearest to ${words}.`
    + (heard ? ` A star marks what was heard, at ${place(heard)}.` : '')
}

// What the networks answer; each gives [picture, sentence], on a ground of 400 by 120

export function notesPicture(p) {
  const keys = range(43, 48), x = pitch => 6 + 9 * (pitch - 48), black = keys.filter(k => [1, 3, 6, 8, 10].includes(k % 12))
  const gaps = keys.filter(k => [4, 11].includes(k % 12)), cs = keys.filter(k => k % 12 === 0)
  const picture = [line(6, 46, 394, 46), line(6, 8, 394, 8), text(8, 43, '50 %'), text(8, 19, '100 %'),
    ...keys.map(k => rect(x(k) + .5, 84 - 76 * p[k], 8, 76 * p[k], 'bar b1')), rect(6, 86, 387, 30, 'white'),
    ...gaps.map(k => line(x(k) + 9, 86, x(k) + 9, 116, 'edge')), ...black.map(k => line(x(k) + 4.5, 104, x(k) + 4.5, 116, 'edge')),
    ...black.map(k => rect(x(k) + .5, 86, 8, 18, 'black')), ...cs.map(k => text(x(k) + 1, 114, `C${k / 12 - 1}`, 'start', 'octave'))]
  const likely = best(p, 5).map(k => `${SPELLING.major[k % 12]}${Math.floor(k / 12) - 1} ${percent(p[k])}`)
  return [picture, `Likeliest melody notes, tonic as C: ${likely.join(', ')}.`]
}

export function chordsPicture(p) {
  const most = best(p, 7), unit = 290 / Math.max(.5, p[most[0]]), likely = most.slice(0, 5).map(s => `${slotName(s)} ${percent(p[s])}`)
  const rows = most.map((s, k) => [text(52, 14 + 16 * k, slotName(s), 'end'), rect(60, 3 + 16 * k, unit * p[s], 12, 'bar b0'),
    text(66 + unit * p[s], 14 + 16 * k, percent(p[s]))])
  return [[line(60, 0, 60, 118), ...rows.flat()], `Likeliest chords after the tonic chord, tonic as C: ${likely.join(', ')}.`]
}

export function expressionPicture(x) {
  const bars = range(4).map(b => x.slice(4 * b, 4 * b + 4)), [velocity, accent, sounded, swell] = range(4).map(k => mean(bars.map(b => b[k])))
  const picture = bars.flatMap(([v, a, length, s], b) => [line(98 * b + 6, 4, 98 * b + 6, 104), text(98 * b + 52, 117, `bar ${b + 1}`, 'middle'),
    ...range(8).map(e => {
      const loud = clamp(127 * v + VELOCITY_SPAN * ((a - .5) * (e % 4 ? -.5 : .5) + (s - .5) * (e / 8 - .4375)), 0, 127)
      return rect(98 * b + 8 + 12 * e, 104 - .78 * loud, 12 * length, .78 * loud, 'bar b5')
    })])
  return [picture, `Expression of four bars: velocity ${Math.round(127 * velocity)} of 127, strong beats ${signed(VELOCITY_SPAN * (accent - .5), 0)}, `
    + `notes sound ${percent(sounded)} of the time to the next, swell ${signed(VELOCITY_SPAN * (swell - .5), 0)} within a bar.`]
}

export function groovePicture(x) {
  const kinds = range(16).map(s => x[s] < -.01 ? -1 : x[s] > .01 ? 1 : 0), count = kind => kinds.filter(k => k === kind).length
  const hardest = 1 + best(x.slice(16), 1)[0]
  const picture = kinds.flatMap((kind, s) => {
    const beat = 20 + 24.5 * s, px = beat + 98 * x[s], py = 52 - 46 * x[16 + s], name = ['e', '&amp;', 'a'][s % 4 - 1] ?? s / 4 + 1
    return [line(beat, 4, beat, 100, s % 4 ? 'rule weak' : 'rule'), text(beat, 117, name, 'middle'), line(px, 52, px, py, 'stem'),
      shape(kind ? `M${-6 * kind}-6V6L${7 * kind} 0Z` : SHAPES[0], px, py, `bar ${['b1', 'grid', 'b0'][kind + 1]}`)]
  })
  const says = `Groove of one bar: ${count(-1)} of 16 sixteenths are pushed, ${count(1)} pulled; the hardest is number ${hardest}.`
  return [[line(8, 52, 398, 52), ...picture], says]
}

export function rollPicture(piece) { // on a ground of 960 by 240
  const {notes, chords, mode} = piece, kit = [...new Set(notes.filter(n => n.part === 3).map(n => n.pitch))].sort((a, b) => a - b)
  const pitches = notes.filter(n => n.part < 3).map(n => n.pitch), low = Math.min(...pitches), floor = 230 - 7 * kit.length
  const step = (floor - 26) / (Math.max(...pitches) - low + 1), names = chords.map(c => chordName(c.root, c.quality, mode))
  const boxes = notes.map(n => {
    const drum = n.part === 3, y = drum ? 229 - 7 * kit.indexOf(n.pitch) : floor - step * (n.pitch - low + 1)
    return rect(30 * n.onset, y, Math.max(30 * n.duration - .6, 1.5), drum ? 5 : Math.max(step - .6, 2), PARTS[n.part],
      {opacity: clamp(n.velocity / 100, .65, 1).toFixed(2)})
  })
  const count = PARTS.map((name, part) => `${notes.filter(n => n.part === part).length} of ${name}`)
  return [[...range(9).map(b => line(120 * b, 0, 120 * b, 240)), ...chords.map((c, k) => text(30 * c.beat + 3, 13, names[k])), ...boxes],
    `Piano roll of eight bars in ${keyName(piece)}; notes: ${count.join(', ')}. Chords: ${names.join(', ')}.`]
}
