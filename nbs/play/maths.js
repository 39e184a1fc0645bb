// What Python has and JavaScript lacks.
export const clamp = (x, low, high) => Math.min(Math.max(x, low), high)
export const range = (n, from = 0) => Array.from({length: Math.max(n, 0)}, (_, i) => from + i)
export const sum = xs => xs.reduce((a, b) => a + b, 0)
export const mean = xs => sum(xs) / xs.length
export const mod = (x, n) => (x % n + n) % n // never negative
export const round = x => { const r = Math.round(x); return r - x === .5 && r % 2 ? r - 1 : r } // halves to the even number
