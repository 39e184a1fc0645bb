// The page: an emotion from sliders, map, word or recording; what the networks answer; the piece, seen, heard and saved.
import {DIMENSIONS} from './contract.js'
import {clamp} from './maths.js'
import {WORDS, nearest} from './emotion.js'
import {Networks} from './networks.js'
import {compose} from './compose.js'
import {Player} from './sound.js'
import {midiFile} from './midi.js'
import {hear} from './hear.js'
import * as draw from './pictures.js'

const $ = id => document.getElementById(id)
const NAMES = Object.keys(DIMENSIONS), sliders = NAMES.map($), map = $('map'), point = $('point'), player = new Player()
const still = matchMedia('(prefers-reduced-motion: reduce)')
let emotion = [...WORDS.find(w => w.name === 'hope').emotion], seed = 0, heard, hovered, networks, piece, busy, waiting

const say = problem => { $('problem').textContent = problem ? `${problem}.` : '' }
const number = (x, d) => d === 3 ? x.toFixed(2) : draw.signed(x) // intensity has no sign
const button = (textContent, onclick) => Object.assign(document.createElement('button'), {type: 'button', textContent, onclick})
const show = (id, [picture, sentence]) => { const svg = $(id); svg.innerHTML = picture.join(''); svg.setAttribute('aria-label', sentence) }

// The emotion: everything that shows it follows at once, the piece as soon as the networks have answered

function move(to) {
  emotion = to.map((x, d) => clamp(+x.toFixed(4), ...DIMENSIONS[NAMES[d]])) // as the line of Python says it
  say()
  showEmotion()
  recompose()
}

function showMarks() {
  $('marks').innerHTML = draw.mapMarks(emotion, heard, hovered)
  $('map-says').textContent = draw.mapSays(emotion, heard)
}

function showEmotion() {
  sliders.forEach((s, d) => { s.value = emotion[d]; s.nextElementSibling.value = number(emotion[d], d) })
  showMarks()
  point.setAttribute('transform', `translate(${draw.MAP.x(emotion[0])} ${draw.MAP.y(emotion[1])})`)
  point.setAttribute('aria-valuenow', emotion[0])
  point.setAttribute('aria-valuetext', `${nearest(emotion)[0].name}, valence ${number(emotion[0], 0)}, arousal ${number(emotion[1], 1)}`)
  const near = $('near'), focused = near.contains(document.activeElement)
  near.replaceChildren(...nearest(emotion, 5).map(w => button(w.name, () => move(w.emotion))))
  if (focused) near.firstChild.focus()
}

async function recompose() {
  waiting = true
  if (busy || !networks) return
  busy = true
  try {
    while (waiting) {
      waiting = false
      showPiece(await compose(networks, emotion, seed))
      await new Promise(requestAnimationFrame)
    }
  } catch (e) { say(e.message) }
  busy = false
}

function showPiece(made) {
  piece = player.piece = made
  const {answers} = piece
  show('notes', draw.notesPicture(answers.notes))
  show('chords', draw.chordsPicture(answers.chords))
  show('expression', draw.expressionPicture(answers.expression))
  show('groove', draw.groovePicture(answers.groove))
  show('roll', draw.rollPicture(piece))
  $('what').value = `${nearest(piece.emotion)[0].name}: ${draw.keyName(piece)}, ${piece.tempo} BPM, seed ${piece.seed}`
  $('python').textContent = `compose(Emotion(${piece.emotion.join(', ')}), seed=${piece.seed})`
}

sliders.forEach((s, d) => s.addEventListener('input', () => move(emotion.map((x, k) => k === d ? +s.value : x))))
$('words').append(...WORDS.map(w => Object.assign(document.createElement('option'), {value: w.name})))
$('word').addEventListener('change', () => {
  const said = $('word').value.trim().toLowerCase(), word = WORDS.find(w => w.name === said)
  if (word) { move(word.emotion); $('word').value = '' }
  else if (said) say(`“${said}” is not among the 216 words; the list under the box has them all`)
})

// The map: click a word or any place, drag the point, or move it with the arrow keys

const under = event => { // valence and arousal under the pointer, and the word there, if any
  const {x, y} = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse()), [v, a] = [draw.MAP.valence(x), draw.MAP.arousal(y)]
  const far = w => Math.hypot(draw.MAP.x(w.emotion[0]) - x, draw.MAP.y(w.emotion[1]) - y), word = WORDS.reduce((p, w) => far(w) < far(p) ? w : p)
  return {place: [v, a, emotion[2], emotion[3]], word: far(word) < 9 ? word : undefined}
}
$('ground').innerHTML = draw.mapGround()
$('legend').innerHTML = draw.mapLegend()
map.addEventListener('click', e => { if (!e.target.closest('#point')) { const {place, word} = under(e); move(word?.emotion ?? place) } })
map.addEventListener('pointermove', e => {
  if (point.hasPointerCapture(e.pointerId)) return move(under(e).place)
  const {word} = under(e)
  if (word !== hovered) { hovered = word; showMarks() }
})
map.addEventListener('pointerleave', () => { hovered = undefined; showMarks() })
point.addEventListener('pointerdown', e => point.setPointerCapture(e.pointerId))
point.addEventListener('keydown', e => {
  const by = {ArrowRight: [.05, 0], ArrowLeft: [-.05, 0], ArrowUp: [0, .05], ArrowDown: [0, -.05]}[e.key]
  if (e.key === 'Enter') move(nearest(emotion)[0].emotion)
  else if (by) move(emotion.map((x, d) => x + (by[d] ?? 0)))
  else return
  e.preventDefault()
})

// Playing and saving

async function follow() { // the place that sounds
  const head = $('head')
  while (player.playing) {
    const x = 120 * (still.matches ? Math.floor(player.position) : player.position)
    head.setAttribute('x', x)
    head.setAttribute('width', still.matches ? 120 : 2)
    await new Promise(requestAnimationFrame)
  }
  head.setAttribute('width', 0)
}

$('toggle').addEventListener('click', async () => {
  try {
    if (player.playing) player.stop()
    else { await player.start(); follow() }
    $('toggle').textContent = player.playing ? '■ Stop' : '▶ Play'
  } catch (e) { say(`Sound cannot be played: ${e.message}`) }
})
$('another').addEventListener('click', () => { seed++; recompose() })
$('save').addEventListener('click', () => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(midiFile(piece))
  link.download = `${nearest(piece.emotion)[0].name}-${piece.seed}.mid`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
})

// Hearing a recording

async function listen(file) {
  if (!file) return
  say()
  $('heard').replaceChildren(`Listening to ${file.name}…`)
  await new Promise(done => setTimeout(done, 30)) // lets the line above appear
  try {
    heard = await hear(networks, file)
    const there = heard, says = NAMES.map((name, d) => `${name} ${number(there[d], d)}`).join(', ')
    $('heard').replaceChildren(`${file.name} sounds like ${nearest(there)[0].name}: ${says}. `, button('Compose from it', () => move(there)))
  } catch (e) {
    heard = undefined
    $('heard').replaceChildren()
    say(e.message)
  }
  showMarks()
}

$('file').addEventListener('change', () => { listen($('file').files[0]); $('file').value = '' })
for (const kind of ['dragover', 'dragleave', 'drop']) { // anywhere on the page
  document.addEventListener(kind, e => { e.preventDefault(); $('drop').classList.toggle('over', kind === 'dragover') })
}
document.addEventListener('drop', e => { if (networks) listen(e.dataTransfer.files[0]) })

showEmotion()
Networks.load().then(async loaded => {
  networks = loaded
  await recompose()
  document.querySelectorAll('.play [disabled]').forEach(e => { e.disabled = false })
}).catch(e => { $('what').value = 'Not ready'; say(`The networks cannot be loaded: ${e.message}`) })
