// Eight bars from an emotion and a seed, note for note those of midikompanion_ml.compose: the networks choose within a few rules.
// Every number of a rule is generated from the room of midikompanion_ml.composing that explains it (tables.js); none is typed here.
import {VECTORS} from './contract.js'
import * as T from './tables.js'
import {clamp, mean, mod, range, round, sum} from './maths.js'
import {attributes, encode} from './emotion.js'
import {chances} from './chance.js'

const BARS = 8, STEPS = 16 // bars in a piece, sixteenths in a bar
const {PHRASE} = T, END = BARS * STEPS

const bell = x => Math.exp(-(x ** 2) / 2)
const coarse = (x, steps) => round(x * steps) / steps
const slotNamed = name => VECTORS.chords.slots.indexOf(name)

function draw(weights, u) { // index of the weight in which a share u of their sum lies
  let total = 0
  const sums = weights.map(w => total += w), i = sums.findIndex(s => s > u * total)
  return i < 0 ? sums.length - 1 : i
}

// What is settled before the first note

async function makePlan(networks, emotion, seed) {
  const chance = await chances(seed), code = encode(emotion)
  const answers = await networks.run('melody_transformer', [code, encode(emotion.map((x, d) => d ? x : 0))])
  const [classes, neutral] = answers.map(p => pitchClasses(p.map(x => clamp(x, T.PITCH_FLOOR, 1))))
  const major = q => sum(T.MODE_DEGREES.map(([high, low, weight]) => weight * (q[high] - q[low])))
  const mode = chance('mode') < 1 / (1 + Math.exp(-T.SURE * (major(classes) - major(neutral)))) ? 'major' : 'minor'
  const look = attributes(emotion), character = {}
  look.tempo_bpm = round(look.tempo_bpm * (T.TEMPO.slowest + T.TEMPO.span * chance('tempo')))
  for (const [k, [a, b]] of Object.entries(T.CHARACTER)) character[k] = a * (b / a) ** chance(`character ${k}`)
  const {usual, arousal, least, most} = T.ONSETS
  const onsets = clamp(usual * Math.exp(arousal * emotion[1]), least, most) // of the melody, a bar
  const wanted = T.NOTE_BUDGET.full * look.notes_per_sec * 60 / look.tempo_bpm // notes a beat of all parts but the drums
  const rest = Math.max(wanted - onsets / 4, T.NOTE_BUDGET.least) // of chords and bass
  return {emotion, seed, code, mode, look, character, chance, onsets, rest, notes: answers[0], tonic: T.TONICS[draw(T.TONICS.map(() => 1), chance('tonic'))],
    leanings: answers[0].map(x => Math.log(clamp(x, T.PITCH_FLOOR, 1))), form: T.FORMS[Math.floor(chance('form') * T.FORMS.length)]}
}

const pitchClasses = p => range(12).map(pc => sum(range(10).map(octave => p[12 * octave + pc])))

export function expectedClasses(notes, mode) { // shares of the pitch classes that the melody network expects, within the mode
  const w = pitchClasses(notes.map(x => clamp(x, T.PITCH_FLOOR, 1))).map((x, pc) => T.STEPS[mode].includes(pc) ? x : 0), all = sum(w)
  return w.map(x => x / all)
}

// Chords

function followers(slots) { // which chord families followed at places like this one so far, and whether as plain triads
  const n = slots.length, share = Array(25).fill(0), colour = Array(25).fill(0)
  const weights = range(n).map(j => {
    let agree = 0
    while (agree < T.MEMORY_CHORDS && agree < j && slots[j - 1 - agree] === slots[n - 1 - agree]) agree++
    return agree && T.GROWTH ** agree
  })
  const all = sum(weights) + T.GROWTH
  slots.forEach((s, j) => {
    share[T.CHORD_SLOTS[s].family] += weights[j] / all
    colour[T.CHORD_SLOTS[s].family] += weights[j] / all * T.CHORD_SLOTS[s].colour
  })
  return [share, colour]
}

export function nextState(slots, {classes, mode, code, beat}) { // what the harmony network is asked: the state before the chord at `beat`
  const past = followers(slots).map((followed, back) => {
    const slot = slots.at(-1 - back), known = slots.length > back ? T.CHORD_SLOTS[slot] : {family: 24, shade: 1}
    return followed.map((x, family) => family === known.family ? known.shade : T.LARGEST_SHARE * x)
  })
  const phrase = 4 * T.PHRASE_BARS // beats
  return [...code, ...classes, ...past.flat(), mode === 'major' ? 1 : -1, 2 * (beat % phrase) / phrase - 1]
}

function chordOnsets({form, emotion, chance}) { // of [bar, beat]
  const seen = {}, out = []
  for (const bar of range(BARS)) {
    const key = form[Math.floor(bar / PHRASE)] + bar % PHRASE, {two, arousal, held} = T.CHORD_CHANGES
    const drawn = {held: chance('held') < held && bar % PHRASE > 0, two: chance('two chords') < two + arousal * emotion[1]}
    const changes = seen[key] ??= drawn
    if (!changes.held || bar >= BARS - 2 || !changes.two) out.push([bar, 0])
    if (changes.two && bar < BARS - 1) out.push([bar, 2])
  }
  return out
}

async function writeChords(networks, plan) { // of {at, end in sixteenths, root above the tonic, quality}, from the tonic chord to the tonic chord
  const {mode, emotion, chance} = plan, slots = [], out = [], onsets = chordOnsets(plan), classes = expectedClasses(plan.notes, mode)
  const tonic = slotNamed(mode === 'major' ? 'C:maj' : 'C:min'), prepares = T.PREPARES[mode].map(slotNamed)
  for (const [i, [bar, beat]] of onsets.entries()) {
    const u = chance('chord'), at = 4 * bar + beat
    let slot = tonic
    if (i && i < onsets.length - 1 && at % (4 * PHRASE)) {
      const [p] = await networks.run('harmony_predictor', [nextState(slots, {classes, mode, code: plan.code, beat: at})])
      const shade = T.SHADE.strength * (emotion[0] - T.SHADE[mode])
      const weights = p.map((x, k) => k === slots.at(-1) || !T.CHORD_SLOTS[k].chord ? 0
        : clamp(x, T.CHORD_FLOOR, 1) ** (1 / T.TEMPERATURE) * Math.exp(-shade * T.DARKNESS[mode][k]))
      slot = draw(i === onsets.length - 2 ? weights.map((w, k) => prepares.includes(k) && k !== slots.at(-1) ? w + T.LEAST_WEIGHT : 0) : weights, u)
    }
    if (slot === slots.at(-1)) continue
    slots.push(slot)
    const [root, quality] = T.CHORD_SLOTS[slot].chord
    out.push({at: 4 * at, root, quality, tones: T.INTERVALS[quality].map(t => (root + t) % 12)})
  }
  out.forEach((c, k) => { c.end = out[k + 1]?.at ?? END })
  return out
}

// Rhythm of the melody

const RHYTHMS = T.RHYTHMS.map(word => range(PHRASE).map(b => range(STEPS).map(s => parseInt(word.slice(4 * b, 4 * b + 4), 16) >> 15 - s & 1)))
const BUSY = RHYTHMS.map(phrase => phrase.map(sum))
const COUNT = BUSY.map(n => Math.max(sum(n), 1) / 4)
const SWIFT = RHYTHMS.map((phrase, r) => sum(phrase.flat().filter((_, i) => i % 2)) / Math.max(sum(BUSY[r]), 1)) // share of onsets between the eighths
const PLAIN = BUSY.map((n, r) => T.SWIFT * SWIFT[r] + T.UNEVEN * mean(n.map(x => (x - mean(n)) ** 2)))
const RANK = COUNT.map((n, r) => n + SWIFT[r] / 10), ORDER = range(RHYTHMS.length).sort((a, b) => RANK[a] - RANK[b])

function chooseRhythm(wanted, u, like) {
  return ORDER[draw(ORDER.map(r => (Math.exp(-((Math.log(COUNT[r] / wanted) / T.SPREAD) ** 2) / 2 - PLAIN[r]) + T.LEAST_WEIGHT)
    * (like === undefined ? 1 : bell((SWIFT[r] - SWIFT[like]) / T.SIMILAR))), u)]
}

function varyRhythm(bar, u, v) { // one onset more or less, as when words change
  const uneven = bar.some((hit, s) => hit && s % 2), drop = [], add = []
  bar.forEach((hit, s) => { if (hit && s % 8) drop.push(s); if (!hit && (uneven || s % 2 === 0)) add.push(s) })
  const where = drop.length && (u < .5 || !add.length) ? drop : add, s = where[Math.floor(v * where.length)]
  return bar.map((hit, k) => k === s ? 1 - hit : hit)
}

function phraseRhythms({form, onsets, character, chance}) { // of each bar, 1 where a note starts
  const found = {}, out = []
  let first
  for (const [k, letter] of [...form].entries()) {
    const u = chance('rhythm'), returns = letter in found
    if (!returns) found[letter] = chooseRhythm(onsets, u, first)
    first ??= found[letter]
    for (const bar of RHYTHMS[found[letter]]) {
      const how = chance('variation'), a = chance('variation'), b = chance('variation')
      out.push(returns && how < character.varied ? varyRhythm(bar, a, b) : k && !returns && how < T.SHARED ? out[out.length % PHRASE] : bar)
    }
  }
  const rest = chance('rest') < T.LATE_END ? 8 : 0 // the last note comes on the first or third beat
  out[BARS - 1] = out[BARS - 1].map((hit, s) => s < rest ? hit : +(s === rest))
  return out
}

// Melody

const WIDEST = (T.STEP_WEIGHTS.same.length - 1) / 2 // degrees that the line moves at most

const motion = step => step === undefined ? 'start' : step === 0 ? 'same' : step > 0 ? (step === 1 ? 'up' : 'leap up') : step === -1 ? 'down' : 'leap down'

function allowedClasses(mode, tones) { // the scale, bent to the chord
  const scale = T.STEPS[mode], foreign = tones.filter(t => !scale.includes(t)), keep = [...tones, 0, 7]
  const yields = foreign.flatMap(t => [mod(t - 1, 12), (t + 1) % 12]).filter(pc => !keep.includes(pc))
  return [...tones, ...scale.filter(pc => !yields.includes(pc))]
}

function writeMelody(plan, chords) { // of {at, length, room in sixteenths, pitch}
  const {form, mode, tonic, character, chance} = plan, hits = phraseRhythms(plan), letters = [...form]
  const onsets = hits.flat().flatMap((hit, at) => hit ? [at] : []), notes = [], byPlace = {}, up = mod(6 - tonic, 12) - 6
  const cadence = {0: T.CADENCE.tonic, [mode === 'major' ? 4 : 3]: T.CADENCE.third, 7: T.CADENCE.fifth} // of the last note
  let middle
  for (const [k, at] of onsets.entries()) {
    const end = onsets[k + 1] ?? END, bar = Math.floor(at / STEPS), s = at % STEPS, phrase = Math.floor(bar / PHRASE)
    const {tones} = chords.findLast(c => c.at <= at), may = allowedClasses(mode, tones), before = notes.at(-1), move = before?.step
    const beat = s % 8 === 0 ? 'strong' : s % 4 === 0 ? 'beat' : 'off', walks = T.STEP_WEIGHTS[motion(move)]
    const pitches = range(T.MELODY_RANGE[1] - T.MELODY_RANGE[0] + 1, T.MELODY_RANGE[0]).filter(p => may.includes(mod(p - tonic, 12)))
    const from = before && pitches.filter(p => p < before.pitch).length
    const steps = pitches.map((_, i) => before ? i - from : 0)
    const same = letters.indexOf(letters[phrase]), there = same < phrase && byPlace[at - STEPS * PHRASE * (phrase - same)]
    const back = [2, 1].find(n => bar % PHRASE >= n && byPlace[at - STEPS * n]), echo = back && byPlace[at - STEPS * back]
    const alike = echo && echo.step !== undefined && String(hits[bar]) === String(hits[bar - back])
    const weights = pitches.map((pitch, i) => {
      const rel = mod(pitch - tonic, 12), step = steps[i]
      let w = Math.exp(T.PULLS.network * plan.leanings[pitch + up])
      if (!tones.includes(rel)) w *= T.FOREIGN[beat] * (end - at >= 4 ? T.FOREIGN.long : 1)
      if (before) w *= walks[clamp(step, -WIDEST, WIDEST) + WIDEST] * character.wide ** Math.abs(step) * (step ? 1 : character.same)
        * (move && Math.sign(step) === Math.sign(move) ? T.PULLS.onward : 1) * (Math.abs(step) <= WIDEST)
      if (middle !== undefined) w *= .5 ** (((pitch - middle) / T.PULLS.middle) ** 2)
      if (there && pitch === there.pitch) w *= character.again
      if (echo && pitch === echo.pitch) w *= Math.sqrt(character.again)
      if (alike && step === echo.step) w *= Math.sqrt(character.again)
      if (k === onsets.length - 1) w *= cadence[rel] ?? T.LEAST_WEIGHT
      return w
    })
    const i = draw(weights, chance('pitch')), note = {at, length: Math.min(end - at, T.HOLD), room: end - at, pitch: pitches[i], step: before && steps[i]}
    notes.push(note)
    byPlace[at] = note
    middle = middle === undefined ? note.pitch : T.PULLS.memory[0] * middle + T.PULLS.memory[1] * note.pitch
  }
  return notes
}

// Accompaniment, bass, drums

function leadVoices(before, classes, centre) { // the inversion that moves least from the chord before and lies near the centre
  let best, least = Infinity
  const [below, above] = T.VOICING.reach
  for (const low of range(below + above + 1, round(centre) - below)) {
    if (!classes.includes(low % 12)) continue
    const voices = classes.map(pc => low + mod(pc - low, 12)).sort((a, b) => a - b)
    const moved = before ? sum(voices.map(p => Math.min(...before.map(q => Math.abs(p - q))))) : 0, cost = moved + T.VOICING.off * Math.abs(mean(voices) - centre)
    if (cost < least) { least = cost; best = voices }
  }
  return best
}

const pattern = (chord, figure) => { // its strokes: the first, and those of the figure; only one in the last bar
  const hits = range(chord.end - chord.at, chord.at).filter(p => p === chord.at || figure.includes(p % STEPS) && chord.at < END - STEPS)
  return hits.map((at, i) => ({at, length: (hits[i + 1] ?? chord.end) - at, room: chord.end - at}))
}

function writeAccompaniment({look, tonic, rest, chance}, chords) {
  const choices = Object.entries(T.FIGURES).flatMap(([family, levels]) => levels.map(figure => ({family, figure})))
  const {family, figure} = choices[draw(choices.map(c => {
    const arp = c.family === 'arp', rate = c.figure.length * (arp ? 1 : T.FIGURE.tones) / 4
    return bell(Math.log(rate / (T.NOTE_BUDGET.chords * rest)) / T.FIGURE.spread) * (arp ? T.FIGURE.broken : 1) + T.LEAST_WEIGHT
  }), chance('figure'))]
  const order = T.ARPEGGIOS[draw(T.ARPEGGIOS.map(() => 1), chance('order'))]
  const {range: [lowest, highest], margins: [low, high], register} = T.VOICING
  const centre = clamp(look.register_pitch - register, lowest + low, highest - high)
  let voices
  return chords.flatMap(chord => {
    voices = leadVoices(voices, chord.tones.map(t => (t + tonic) % 12), centre)
    const broken = family === 'arp' && chord.at < END - STEPS, tones = broken ? [...voices, voices[0] + 12].slice(0, 4) : voices
    return pattern(chord, figure).flatMap((hit, i) => (broken ? [tones[order[i % 4] % tones.length]] : tones).map(pitch => ({...hit, pitch})))
  })
}

function writeBass({tonic, rest, chance}, chords) { // roots, with fifths or octaves between them
  const far = b => Math.abs(Math.log(b.length / 4 / (T.NOTE_BUDGET.bass * rest))), figure = T.BASSES.reduce((a, b) => far(b) < far(a) ? b : a), fifths = chance('fifths') < .5
  return chords.flatMap(chord => {
    const {lowest, high: highest} = T.BASS_ROOTS, pitch = lowest + mod(chord.root + tonic - lowest, 12), high = pitch > highest
    const other = fifths || high ? T.INTERVALS[chord.quality][2] - (high ? 12 : 0) : 12
    return pattern(chord, figure).map((hit, i) => ({...hit, pitch: pitch + (i % 2 && hit.at % 8 ? other : 0)}))
  })
}

function writeDrums({emotion: [, arousal, dominance], chance}) {
  const D = T.DRUMMING, level = D.usual + D.arousal * arousal + D.dominance * dominance + D.chance * (chance('drums') - .5)
  if (arousal < D.calm) return []
  const usual = Object.entries(T.DRUMS[clamp(round(level), 0, T.DRUMS.length - 1)]).flatMap(([drum, hits]) => hits.map(s => [s, +drum]))
  return range(BARS).flatMap(bar => {
    const ending = bar % PHRASE === PHRASE - 1 && level > D.fill
    let hits = ending ? [...usual.filter(([s]) => s < 12), ...T.FILL] : usual
    if (level > D.crash && bar % PHRASE === 0) hits = [...hits, [0, T.CRASH]]
    if (bar === BARS - 1) hits = hits.filter(([s]) => s === 0)
    return hits.map(([s, pitch]) => ({at: bar * STEPS + s, length: 1, room: 1, pitch}))
  })
}

// How it is played

const contour = level => range(32).map(k => level * (k % 2 ? T.BETWEEN : 1)) // four bars in eighths
export const intensityAsked = ([, arousal, , intensity]) => contour(clamp(T.LEVEL.usual + T.LEVEL.arousal * arousal + T.LEVEL.intensity * (intensity - .5), 0, 1))

export function arousalAsked(score, arousal) { // for each bar, the four bars that it begins, in sixteenths
  const lead = score.some(n => n.part === 3) ? 3 : 0, weight = Array(END + PHRASE * STEPS).fill(0) // drums, else the melody
  for (const n of score) if (n.part === lead) weight[n.at] += (lead === 3 && T.DRUM_WEIGHTS[n.pitch]) || T.NOTE_WEIGHT
  const [activity, asked] = T.AROUSAL_WEIGHTS
  const cells = weight.map(w => activity * (1 - T.STILLNESS ** w) + asked * (arousal + 1) / 2)
  return range(BARS).map(b => cells.slice(STEPS * b, STEPS * (b + PHRASE)))
}

function stretch(x, empty, full, [a, b]) { // an answer of the network on another scale
  const {beyond, least} = T.STRETCH
  return Math.abs(full - empty) < least ? (a + b) / 2 : a + clamp((x - empty) / (full - empty), -beyond, 1 + beyond) * (b - a)
}

async function playScore(networks, {emotion}, score) { // adds onset and duration in beats, velocity
  const arousal = arousalAsked(score, emotion[1]), grooves = await networks.run('groove_predictor', arousal)
  const [expression, ...said] = await networks.run('dynamics_engine', [intensityAsked(emotion), ...[0, 1].map(contour)])
  const [empty, full] = said.map(x => range(4).map(k => mean(range(4).map(b => x[4 * b + k]))))
  const bars = range(4).map(b => expression.slice(4 * b, 4 * b + 4)).map(([velocity, accent, articulation, swell]) => ({
    level: round(stretch(velocity, empty[0], full[0], T.PLAYED.velocity)),
    articulation: coarse(stretch(articulation, empty[2], full[2], T.PLAYED.articulation), T.DETAIL.articulation),
    accent: round((accent - .5) * T.VELOCITY_SPAN), swell: round((swell - .5) * T.VELOCITY_SPAN)}))
  const {furthest} = T.GROOVE_LIMITS
  const feel = grooves.map((groove, b) => {
    const busy = range(STEPS).filter(s => arousal[b][s] > T.GROOVE_LIMITS.busy), offset = groove.slice(0, 16), hit = groove.slice(16).map(x => T.VELOCITY_SPAN * x)
    const of = xs => sum(busy.map(s => xs[s])) / Math.max(busy.length, 1), late = of(offset), loud = of(hit)
    return {offset: offset.map(x => coarse(clamp(x - late, -furthest, furthest), T.DETAIL.offset)), hit: hit.map(x => round(x - loud))}
  })
  const usual = n => T.DRUM_VELOCITIES[n.pitch] ?? T.OTHER_DRUM_VELOCITY, common = mean(score.filter(n => n.part === 3).map(usual))
  for (const n of score) {
    const b = Math.floor(n.at / STEPS), s = n.at % STEPS, bar = bars[b % 4], name = T.PARTS[n.part], last = n.at + n.length >= END - 1
    const strong = (s % 8 ? -T.TOUCH.accent : T.TOUCH.accent) * bar.accent + (s / STEPS - .5) * bar.swell
    const base = bar.level + (n.part === 3 ? T.TOUCH.drums * (usual(n) - common) : strong)
    n.velocity = clamp(round(base + T.BALANCE[name] + T.CARRIED[name] * feel[b].hit[s]), 1, 127)
    n.start = Math.max(n.at + feel[b].offset[s], 0)
    const rings = n.part === 1 ? (n.room - n.length) * clamp(2 * bar.articulation - 1, 0, 1) : 0
    n.held = n.part === 3 ? T.TOUCH.stroke : last ? n.length : n.length * bar.articulation + rings
  }
  const next = {} // a key is released before it is struck again, and nothing rings on after the last bar
  for (const n of score.toSorted((a, b) => b.start - a.start)) {
    const key = 128 * n.part + n.pitch
    n.onset = n.start / 4
    n.duration = Math.max(Math.min(n.held, (next[key] ?? Infinity) - n.start, END - n.start), T.TOUCH.least) / 4
    next[key] = n.start
  }
  return {expression, groove: grooves[0]}
}

export async function compose(networks, emotion, seed) {
  const plan = await makePlan(networks, emotion, seed), chords = await writeChords(networks, plan)
  const parts = [writeMelody(plan, chords), writeAccompaniment(plan, chords), writeBass(plan, chords), writeDrums(plan)]
  const score = parts.flatMap((notes, part) => notes.map(n => ({...n, part}))).sort((a, b) => a.at - b.at || a.part - b.part || a.pitch - b.pitch)
  const played = await playScore(networks, plan, score), {mode, tonic, look, notes, code} = plan
  const tonicChord = slotNamed(mode === 'major' ? 'C:maj' : 'C:min')
  const [next] = await networks.run('harmony_predictor', [nextState([tonicChord], {classes: expectedClasses(notes, mode), mode, code, beat: 2})])
  return {emotion, seed, mode, tonic, bars: BARS, tempo: look.tempo_bpm,
    chords: chords.map(c => ({beat: c.at / 4, root: (c.root + tonic) % 12, quality: c.quality})),
    notes: score.map(({onset, duration, pitch, velocity, part}) => ({onset, duration, pitch, velocity, part})),
    answers: {notes, chords: next, ...played}}
}
