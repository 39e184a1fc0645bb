// The ONNX files, run by ONNX Runtime Web on one thread.
import {AUDIO_FILE, CONTRACT_VERSION, MODELS, SAMPLE_RATE, VECTORS} from './contract.js'

const here = path => new URL(path, import.meta.url).href

function* fields(bytes) { // numbers and contents of the length-delimited fields of a protobuf message
  let at = 0
  const varint = () => { let x = 0, unit = 1, byte; do { byte = bytes[at++]; x += (byte & 127) * unit; unit *= 128 } while (byte > 127); return x }
  while (at < bytes.length) {
    const tag = varint(), kind = tag & 7
    if (kind === 2) { const n = varint(); yield [tag >> 3, bytes.subarray(at, at += n)] }
    else if (kind === 0) varint()
    else at += kind === 1 ? 8 : 4
  }
}

const METADATA = 14 // field of an ONNX file; each entry is a key and a value
function contractOf(bytes) { // the metadata of the file, which ONNX Runtime Web does not give
  for (const [field, entry] of fields(bytes)) {
    if (field !== METADATA) continue
    const [key, value] = [...fields(entry)].map(([, text]) => new TextDecoder().decode(text))
    if (key === 'contract') return JSON.parse(value)
  }
  return {}
}

async function fetchModel(file, name) {
  const reply = await fetch(here(`models/${file}`))
  if (!reply.ok) throw Error(`${file} cannot be loaded (${reply.status})`)
  const bytes = new Uint8Array(await reply.arrayBuffer()), said = contractOf(bytes)
  if (said.model !== name) throw Error(`${file}: model is ${said.model}, expected ${name}`)
  if (said.contract_version !== CONTRACT_VERSION) throw Error(`${file}: contract version is ${said.contract_version}, expected ${CONTRACT_VERSION}`)
  return bytes
}

export class Networks {
  static async load() {
    const ort = await import('./vendor/ort.wasm.bundle.min.mjs')
    ort.env.wasm.numThreads = 1 // more would need headers that a static site does not send
    ort.env.wasm.wasmPaths = {wasm: here('vendor/ort-wasm-simd-threaded.wasm')}
    const networks = new Networks(ort)
    await Promise.all(['melody_transformer', 'harmony_predictor', 'dynamics_engine', 'groove_predictor'].map(n => networks.#session(n)))
    return networks
  }

  #ort; #opened = {}; #turn = Promise.resolve()
  constructor(ort) { this.#ort = ort }

  #session(name) {
    const file = MODELS[name]?.file ?? AUDIO_FILE
    return this.#opened[name] ??= fetchModel(file, name).then(bytes => this.#ort.InferenceSession.create(bytes))
  }

  async #ask(name, data, dims, input, output) { // one at a time
    const session = await this.#session(name), run = () => session.run({[input]: new this.#ort.Tensor('float32', data, dims)})
    const answer = this.#turn.then(run)
    this.#turn = answer.catch(() => {})
    return (await answer)[output]
  }

  async run(name, rows) { // what a network answers to each row
    const {input, output} = MODELS[name], width = VECTORS[output].width
    if (rows.some(row => row.length !== VECTORS[input].width)) throw Error(`${name}: ${input} has ${VECTORS[input].width} numbers`)
    const {data} = await this.#ask(name, Float32Array.from(rows.flat()), [rows.length, VECTORS[input].width], input, output)
    return rows.map((_, i) => Array.from(data.subarray(width * i, width * (i + 1))))
  }

  async measure(sound) { // the numbers that the recogniser hears; `sound` is mono at SAMPLE_RATE
    return Array.from((await this.#ask('audio_features', sound, [1, sound.length], 'audio', 'audio_features')).data)
  }
}
