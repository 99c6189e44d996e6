import { hash } from 'node:crypto'
import type { BoundaryEvent } from './event.ts'

/** A line as it is written, without its end, and what the next one names of it. */
export interface Line {
  readonly seq: number
  readonly bytes: Buffer
  /** SHA-256 of the bytes, in hex. */
  readonly hash: string
  /** Of the line before; null of the first. */
  readonly prev: string | null
}

/** Where a chain stands: the number and the hash of its last line. Before the first line it stands at -1. */
export interface Head {
  readonly seq: number
  readonly hash: string | null
}

export const chainOrigin: Head = { seq: -1, hash: null }

export function encodeLine(event: BoundaryEvent): Line {
  const bytes = Buffer.from(JSON.stringify(event))
  return { seq: event.seq, bytes, hash: hash('sha256', bytes), prev: event.prev }
}

/** The line that these bytes are, as far as the chain is concerned; null when they are none. */
export function readLine(bytes: Buffer): Line | null {
  const event = parseEvent(bytes)
  return event === null ? null : { seq: event.seq, bytes, hash: hash('sha256', bytes), prev: event.prev }
}

export const follows = (line: Line, head: Head): boolean => line.seq === head.seq + 1 && line.prev === head.hash

const sha256 = /^[0-9a-f]{64}$/

/** What was written here and read again: only what the chain and a reader of lines stand on is looked at. */
export function parseEvent(bytes: Buffer): BoundaryEvent | null {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || value.v !== 1) return null
  if (!('seq' in value) || !Number.isSafeInteger(value.seq) || Number(value.seq) < 0) return null
  if (!('prev' in value) || !(value.prev === null || (typeof value.prev === 'string' && sha256.test(value.prev)))) {
    return null
  }
  for (const name of ['session', 'kind', 'time', 'decision', 'would', 'rule']) {
    if (!(name in value) || typeof Object(value)[name] !== 'string') return null
  }
  // SAFETY: a line of the spool; it was written by `encodeLine`, and the chain says whether it was changed since.
  return value as BoundaryEvent
}
