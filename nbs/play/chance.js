// Python's random numbers from a text, so that a seed means the same here and there: Mersenne Twister, seeded with the text and its SHA-512.

function twister(key) { // random.Random(text).random of Python; `key` in 32-bit words, the lowest first
  const n = 624, mt = new Uint32Array(n)
  const mix = (i, by) => Math.imul(mt[i - 1] ^ mt[i - 1] >>> 30, by)
  mt[0] = 19650218
  for (let i = 1; i < n; i++) mt[i] = mix(i, 1812433253) + i
  let i = 1
  const step = () => { if (++i === n) { mt[0] = mt[n - 1]; i = 1 } }
  for (let k = 0, j = 0; k < Math.max(n, key.length); k++, j = (j + 1) % key.length, step()) mt[i] = (mt[i] ^ mix(i, 1664525)) + key[j] + j
  for (let k = 1; k < n; k++, step()) mt[i] = (mt[i] ^ mix(i, 1566083941)) - i
  mt[0] = 0x80000000
  let at = n
  const word = () => {
    if (at === n) {
      for (let k = 0; k < n; k++) {
        const y = mt[k] & 0x80000000 | mt[(k + 1) % n] & 0x7fffffff
        mt[k] = mt[(k + 397) % n] ^ y >>> 1 ^ (y & 1 && 0x9908b0df)
      }
      at = 0
    }
    let y = mt[at++]
    y ^= y >>> 11; y ^= y << 7 & 0x9d2c5680; y ^= y << 15 & 0xefc60000
    return (y ^ y >>> 18) >>> 0
  }
  return () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992
}

async function stream(text) {
  const bytes = new TextEncoder().encode(text), hash = new Uint8Array(await crypto.subtle.digest('SHA-512', bytes))
  const number = [...bytes, ...hash].reverse(), key = new Uint32Array(Math.ceil(number.length / 4)) // lowest byte first
  number.forEach((b, i) => { key[i >> 2] |= b << 8 * (i % 4) })
  return twister(key)
}

const STREAMS = ['mode', 'tonic', 'tempo', 'form', 'held', 'two chords', 'chord', 'rhythm', 'variation', 'rest', 'pitch', 'figure', 'order', 'fifths',
  'drums', ...['same', 'wide', 'again', 'varied'].map(k => `character ${k}`)]

export async function chances(seed) { // name => the next number in [0, 1) of the stream of that name
  const of = Object.fromEntries(await Promise.all(STREAMS.map(async name => [name, await stream(`${seed} ${name}`)])))
  return name => of[name]()
}
