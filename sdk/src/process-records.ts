import { Fault } from '@reeve/base'

/** What passes over the stream of a process, either way: a byte of kind, four of length, and so many bytes. */
export const processRecords = ['input', 'input_end', 'size', 'output', 'error', 'exit'] as const
export type ProcessRecordKind = (typeof processRecords)[number]

export interface ProcessRecord {
  readonly kind: ProcessRecordKind
  /** Of `size` and `exit` JSON: `TerminalSize` and `{code}`. */
  readonly bytes: Uint8Array
}

const headBytes = 5
const recordBytesMax = 1024 * 1024

export function recordOf(kind: ProcessRecordKind, bytes: Uint8Array | string = ''): Uint8Array {
  const given = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const record = new Uint8Array(headBytes + given.length)
  record[0] = processRecords.indexOf(kind)
  new DataView(record.buffer).setUint32(1, given.length)
  record.set(given, headBytes)
  return record
}

/** Feeds on pieces however they were cut. Throws a `Fault` for what is no record. */
export function recordParser(): (piece: Uint8Array) => ProcessRecord[] {
  let pieces: Uint8Array[] = []
  let length = 0
  return (piece) => {
    pieces.push(piece)
    length += piece.length
    const records: ProcessRecord[] = []
    for (let needed = sizeOf(pieces, length); length >= needed; needed = sizeOf(pieces, length)) {
      const all = joined(pieces, length)
      records.push({ kind: processRecords[all[0]!]!, bytes: all.subarray(headBytes, needed) })
      pieces = [all.subarray(needed)]
      length -= needed
    }
    return records
  }
}

/** Of the record that these pieces begin with; of its head as long as that is not there. */
function sizeOf(pieces: Uint8Array[], length: number): number {
  if (length < headBytes) return headBytes
  const [first = new Uint8Array(0)] = pieces
  const head = first.length >= headBytes ? first : joined(pieces, length)
  const bytes = new DataView(head.buffer, head.byteOffset).getUint32(1)
  if (processRecords[head[0]!] === undefined || bytes > recordBytesMax) throw new Fault('invalid', 'this is no record')
  return headBytes + bytes
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces
  if (pieces.length === 1 && first !== undefined) return first
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
