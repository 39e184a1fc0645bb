// Notes to sound: strings and drums by the recipes of midikompanion_ml.sound, on fewer layers, computed into buffers when first needed, played by Web Audio.
import {PARTS} from './tables.js'
import {clamp, range} from './maths.js'

const RATE = 32000, LAYERS = 4 // Hz of the buffers, steps of force
const MIX = {melody: {pan: .12, room: .3}, chords: {pan: -.2, room: .35}, bass: {pan: 0, room: .08}, drums: {pan: .05, room: .15}}

let seed = 1
const random = () => (seed = Math.imul(1664525, seed) + 1013904223 >>> 0) / 2 ** 31 - 1 // -1..1, the same at every visit

function damped(partials, sec) { // sum of decaying sine waves, each [Hz, level, fall in 1/s, phase]
  const out = new Float32Array(Math.ceil(sec * RATE))
  for (const [hz, level, fall, phase = 0] of partials) {
    const n = Math.min(out.length, Math.ceil(RATE * Math.log(1 + 4000 * Math.abs(level)) / fall)), turn = 2 * Math.PI * hz / RATE
    const c = Math.exp(-fall / RATE) * Math.cos(turn), s = Math.exp(-fall / RATE) * Math.sin(turn)
    let x = level * Math.sin(phase), y = level * Math.cos(phase)
    for (let i = 0; i < n && hz < .45 * RATE; i++) { out[i] += x; const next = c * x + s * y; y = c * y - s * x; x = next }
  }
  return out
}

function string(f0, n, stiffness, level, fall) { // partials of a string, of loudness 1
  const rows = range(n, 1).map(m => {
    const hz = f0 * m * Math.sqrt((1 + stiffness * m * m) / (1 + stiffness))
    return [hz, level(m, hz), fall(hz), .7 * m * m]
  })
  const size = Math.sqrt(rows.reduce((sum, r) => sum + r[1] ** 2, 0))
  return rows.map(([hz, a, ...rest]) => [hz, a / size, ...rest])
}

function piano(f0, force) {
  const stiffness = 1e-4 * Math.max(f0 / 82, Math.sqrt(82 / f0)) ** 1.2, reach = 330 + 2700 * force ** 1.4 + .4 * f0
  const rows = string(f0, Math.floor(clamp(9000 / f0, 4, 100)), stiffness, (m, hz) => (.15 + Math.abs(Math.sin(Math.PI * m / 8.3))) * m ** -.65
    * Math.exp(-hz / reach) * hz / (hz + 90), hz => 1.1 * Math.sqrt(f0 / 262) * (1 + (hz / 1800) ** 1.3))
  const two = rows.flatMap(([hz, a, fall, phase], k) => { // two strings, a little apart: one dies soon, one late
    const late = .28 / (1 + hz / 4000)
    return [[hz, (1 - late) * a, fall, phase], [hz + .35 * Math.sin((k + 1) * 12.9898 + f0), late * a, .3 * fall, phase]]
  })
  return [...two, [70, .05 + .12 * force, 25], [119, .08 * force, 32], [182, .06 * force, 40]]
}

const bass = (f0, force) => string(f0, 80, 4e-5, (m, hz) => (.05 + Math.abs(Math.sin(Math.PI * m * .13))) * m ** -.8
  * Math.exp(-hz / (300 + 1100 * force + f0)), hz => .7 * (1.2 * (f0 / 196) ** .45 + (hz / 1500) ** 1.3))

const KIT = { // skins: Hz, glide, fall, level; noise: level, from Hz, to Hz, fall; metal: level, from Hz, fall
  36: {sec: .6, skins: [[50, 2.6, 9, .9]], noise: [.12, 900, 5000, 180]},
  37: {sec: .15, skins: [[820, 0, 60, .5], [1720, 0, 70, .5], [2640, 0, 90, .3]], noise: [.02, 900, 8000, 90]},
  38: {sec: .45, skins: [[186, .4, 22, .45], [331, .2, 28, .25]], noise: [.24, 900, 8500, 17]},
  42: {sec: .22, skins: [], noise: [.16, 6000, 12000, 48], metal: [.3, 3800, 28]},
  45: {sec: .7, skins: [[117, .5, 7.5, .75]], noise: [.05, 600, 4000, 90]},
  46: {sec: .5, skins: [], noise: [.12, 6000, 12000, 8], metal: [.32, 3600, 4.5]},
  49: {sec: 2, skins: [], noise: [.2, 2500, 12000, 3.2], metal: [.5, 420, 2.2]},
  51: {sec: 1.5, skins: [[3140, 0, 9, .12], [4270, 0, 11, .1]], noise: [.02, 4000, 12000, 12], metal: [.3, 1500, 2.8]}}

function stroke({sec, skins, noise: [loud, from, to, fall], metal: [clang, lowest, ring] = [0, 1000, 1]}) {
  const partials = range(clang && 110).map(() => {
    const hz = lowest * (.44 * RATE / lowest) ** Math.abs(random()) ** .6
    return [hz, .23 * clang * random(), ring * (.5 + hz / 6000) * (1 + .4 * random())]
  })
  const out = damped(partials, sec)
  const cut = 1 - Math.exp(-2 * Math.PI * from / RATE), keep = 1 - Math.exp(-2 * Math.PI * to / RATE)
  for (let i = 0, high = 0, low = 0; i < out.length; i++) {
    const t = i / RATE
    high += keep * (random() - high)
    low += cut * (high - low)
    let x = 2.5 * loud * (high - low) * Math.exp(-fall * t) // a band of noise
    for (const [hz, glide, dies, level] of skins) {
      x += level * Math.sin(2 * Math.PI * hz * (t + .03 * glide * (1 - Math.exp(-t / .03)))) * Math.exp(-dies * t)
    }
    out[i] = .55 * (out[i] + x)
  }
  return out
}

function toBuffer(x) { // rises in 2 ms and ends in silence, so that nothing clicks
  const rise = .002 * RATE
  for (let i = 0; i < x.length; i++) x[i] *= Math.min(i / rise, 1, 4 - 4 * i / x.length)
  const buffer = new AudioBuffer({length: x.length, sampleRate: RATE, numberOfChannels: 1})
  buffer.copyToChannel(x, 0)
  return buffer
}

const buffers = {}
function bufferFor({part, pitch, velocity}) { // strings are computed for every other semitone
  if (part === 3) return [buffers[`drum ${pitch}`] ??= toBuffer(stroke(KIT[pitch])), 1]
  const root = pitch - pitch % 2, layer = Math.floor(velocity * LAYERS / 128), recipe = part === 2 ? bass : piano
  const make = () => toBuffer(damped(recipe(440 * 2 ** ((root - 69) / 12), (layer + .5) / LAYERS), clamp(9 - root / 10, 2, 5)))
  return [buffers[`${recipe.name} ${root} ${layer}`] ??= make(), 2 ** ((pitch - root) / 12)]
}

class Desk { // where the parts come together: place, room, and a soft ceiling that nothing passes
  constructor(context) {
    const ceiling = new WaveShaperNode(context, {curve: Float32Array.from({length: 2049}, (_, i) => .98 * Math.tanh(1.15 * (i / 1024 - 1)) / Math.tanh(1.15))})
    const n = Math.ceil(1.4 * context.sampleRate), echo = new AudioBuffer({length: n, sampleRate: context.sampleRate, numberOfChannels: 2})
    for (const side of [0, 1]) {
      let x = 0
      echo.copyToChannel(Float32Array.from({length: n}, (_, i) => { // the high sounds die first
        const t = i / context.sampleRate
        x += (random() - x) * Math.max(.08, .5 - .9 * t)
        return x * Math.exp(-4.6 * t) * Math.min(1, t / .012)
      }), side)
    }
    const room = new ConvolverNode(context, {buffer: echo})
    this.output = new GainNode(context, {gain: .9})
    room.connect(this.output).connect(ceiling).connect(context.destination)
    this.parts = PARTS.map(name => {
      const place = new StereoPannerNode(context, {pan: MIX[name].pan}), send = new GainNode(context, {gain: MIX[name].room})
      place.connect(this.output)
      place.connect(send).connect(room)
      return place
    })
  }

  play(note, at, sec) {
    const {part, velocity} = note, {context} = this.output, [buffer, rate] = bufferFor(note), end = at + (part === 3 ? buffer.duration : sec)
    const level = (part === 2 ? .32 : part === 3 ? 1 : .26) * (velocity / 127) ** 1.7 * (part === 3 ? .8 : 1)
    const source = new AudioBufferSourceNode(context, {buffer, playbackRate: rate}), gain = new GainNode(context, {gain: level})
    source.connect(gain).connect(this.parts[part])
    gain.gain.setTargetAtTime(0, end, part === 2 ? .025 : .045) // the key is let go
    source.start(at)
    source.stop(end + .4)
  }

  playBar(piece, bar, at) { // seconds that the bar takes
    const beat = 60 / piece.tempo, first = 4 * bar, earliest = this.output.context.currentTime
    for (const n of piece.notes) {
      if (n.onset >= first - .1 && n.onset < first + 3.9) this.play(n, Math.max(at + (n.onset - first) * beat, earliest), n.duration * beat)
    }
    return 4 * beat
  }
}

export async function render(piece, sampleRate = 44100) { // the whole piece, as an AudioBuffer
  const sec = 4 * piece.bars * 60 / piece.tempo, context = new OfflineAudioContext(2, Math.ceil((sec + 2) * sampleRate), sampleRate), desk = new Desk(context)
  for (let bar = 0, at = 0; bar < piece.bars; bar++) at += desk.playBar(piece, bar, at)
  return context.startRendering()
}

export class Player { // repeats a piece; another one takes over at the next bar
  get playing() { return !!this.desk }

  async start() {
    this.context ??= new AudioContext()
    await this.context.resume()
    if (this.playing) return
    this.desk = new Desk(this.context)
    for (const n of this.piece.notes) bufferFor(n)
    this.marks = [{bar: -1, at: this.context.currentTime + .1, sec: 0}] // of the bars that were planned
    this.timer = setInterval(() => this.#plan(), 40)
    this.#plan()
  }

  #plan() {
    const ahead = document.hidden ? 2.5 : .25 // hidden pages are called less often
    for (;;) {
      const last = this.marks.at(-1), at = last.at + last.sec, bar = (last.bar + 1) % this.piece.bars
      if (at > this.context.currentTime + ahead) return
      this.marks = [...this.marks.slice(-3), {bar, at, sec: this.desk.playBar(this.piece, bar, at)}]
    }
  }

  get position() { // in bars
    const now = this.context.currentTime, mark = this.marks.findLast(m => m.bar >= 0 && m.at <= now)
    return mark ? mark.bar + Math.min((now - mark.at) / mark.sec, 1) : 0
  }

  stop() {
    const {output} = this.desk
    clearInterval(this.timer)
    output.gain.setTargetAtTime(0, this.context.currentTime, .03)
    setTimeout(() => output.disconnect(), 300)
    this.desk = undefined
  }
}
