/**
 * SHA-256 (FIPS 180-4), at once: the proof of the contract is made of plain functions, and the one that browsers have
 * answers later, and on pages without TLS not at all.
 */
const rounds = 64

/** The constants are the first 32 bits of the fractional parts of roots of the first primes. */
const primes: number[] = []
for (let n = 2; primes.length < rounds; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
const fraction = (root: number): number => (root % 1) * 2 ** 32
const initial = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
const constants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))

const turned = (value: number, by: number): number => (value >>> by) | (value << (32 - by))

export function sha256(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n)
  const hash = Uint32Array.from(initial)
  const schedule = new Uint32Array(rounds)
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getUint32(at + t * 4)
    addBlock(hash, schedule)
  }
  const result = new DataView(new ArrayBuffer(32))
  hash.forEach((word, at) => result.setUint32(at * 4, word))
  return new Uint8Array(result.buffer)
}

function addBlock(hash: Uint32Array, schedule: Uint32Array): void {
  for (let t = 16; t < rounds; t++) {
    const [early, late] = [schedule[t - 15]!, schedule[t - 2]!]
    const s0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const s1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    schedule[t] = schedule[t - 16]! + s0 + schedule[t - 7]! + s1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash
  for (let t = 0; t < rounds; t++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const first = (h + s1 + ((e & f) ^ (~e & g)) + constants[t]! + schedule[t]!) | 0
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((value, at) => (hash[at] = hash[at]! + value))
}
