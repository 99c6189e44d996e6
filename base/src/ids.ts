/**
 * UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then a 12-bit counter and 62 random bits. Ids made by
 * one process never go backwards, even when the wall clock does: the day partitions and every cursor rely on it.
 */
export type Uuid = string

let lastMs = 0
let counter = 0

/** Randomness is fetched in bulk: asking for a few bytes costs more than everything else here. */
const pool = new Uint8Array(4096)
let used = pool.length

function randomByte(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return pool[used++]!
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function uuidv7(now: Date): Uuid {
  const ms = now.getTime()
  if (ms > lastMs) {
    lastMs = ms
    // Start low in the 12-bit space so that a burst within one millisecond has room to count.
    counter = ((randomByte() << 8) | randomByte()) & 0x3ff
  } else if (++counter > 0xfff) {
    lastMs++
    counter = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const head = `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}`
  let tail = `-${hex[(randomByte() & 0x3f) | 0x80]!}${hex[randomByte()]!}-`
  for (let i = 0; i < 6; i++) tail += hex[randomByte()]!
  return head + tail
}

/** The smallest UUIDv7 of an instant: the lower bound of a time range over ids. */
export function uuidv7Floor(instant: Date): Uuid {
  const time = instant.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** The instant in a UUIDv7, or null when the text is not one. */
export function uuidv7Time(id: Uuid): Date | null {
  if (!isUuid(id) || id[14] !== '7') return null
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}
