import { type Log, toError } from '@reeve/base'
import type { Frame } from '../../journal/read.ts'
import { answerReader, emptyRequestReading, readRequestBody } from '../record/derive.ts'
import { decodeFrame, type EndHead, type StartHead, type TrailerHead } from '../record/frames.ts'
import type { RequestReading, ResponseReading } from '../record/reading.ts'
import { type Slice, withSlice } from '../record/slices.ts'
import { type Blob, packBlob } from './blobs.ts'
import type { Bodies } from './bodies.ts'

/** A frame with everything that can be known of it without the other interceptions: read, rebuilt, packed. */
export type Prepared =
  | {
      readonly kind: 'start'
      readonly frame: Frame
      readonly head: StartHead
      readonly reading: RequestReading
      readonly slices: readonly Slice[] | null
      readonly blobs: readonly Blob[]
    }
  | {
      readonly kind: 'end'
      readonly frame: Frame
      readonly head: EndHead
      readonly reading: ResponseReading
      readonly slices: readonly Slice[]
      readonly blobs: readonly Blob[]
    }
  | {
      readonly kind: 'trailer'
      readonly frame: Frame
      readonly head: TrailerHead
      readonly slices: readonly Slice[]
      readonly blobs: readonly Blob[]
    }
  | { readonly kind: 'chunk'; readonly frame: Frame; readonly id: string }

export interface PrepareContext {
  readonly bodies: Bodies
  /** The answer bytes that chunks brought, in order, read again from the journal. */
  readonly chunksOf: (interceptionId: string) => AsyncIterable<Buffer>
  /** Is given the chunks that are met on the way. */
  readonly chunk: (interceptionId: string, bytes: Buffer) => void
  readonly log: Log
}

/** Answers are stored in blobs of at most this much. */
const answerBlobBytes = 4 * 1024 * 1024

/** Throws when the payload is not one that this program understands. */
export async function prepare(frame: Frame, context: PrepareContext): Promise<Prepared> {
  const decoded = decodeFrame(frame.kind, frame.payload)
  if (decoded.kind === 'chunk') {
    context.chunk(decoded.id, decoded.bytes)
    return { kind: 'chunk', frame, id: decoded.id }
  }
  if (decoded.kind === 'trailer') {
    const blobs = decoded.bytes.length === 0 ? [] : [packBlob(decoded.bytes)]
    return { kind: 'trailer', frame, head: decoded.head, slices: slicesOf(blobs), blobs }
  }
  if (decoded.kind === 'start') return prepareStart(frame, decoded.head, decoded.bytes, context)
  return prepareEnd(frame, decoded.head, decoded.bytes, context)
}

async function prepareStart(
  frame: Frame,
  head: StartHead,
  tail: Buffer,
  { bodies, log }: PrepareContext,
): Promise<Prepared> {
  if (head.reading !== null) return { kind: 'start', frame, head, reading: head.reading, slices: null, blobs: [] }
  const body = await bodies.rebuild(head, tail)
  if (body === null) {
    // The interception is kept without its bytes: that it happened matters more, and the gap shows.
    log.error({ interceptionId: head.id, base: head.base }, 'a request body cannot be rebuilt')
    return { kind: 'start', frame, head, reading: emptyRequestReading, slices: null, blobs: [] }
  }
  const reading = readRequestBody(body.bytes, head)
  return { kind: 'start', frame, head, reading, slices: body.slices, blobs: body.blobs }
}

async function prepareEnd(
  frame: Frame,
  head: EndHead,
  rest: Buffer,
  { chunksOf, log }: PrepareContext,
): Promise<Prepared> {
  const reader = answerReader(head.route)
  const blobs: Blob[] = []
  let gathered: Buffer[] = []
  let size = 0
  const add = (bytes: Buffer) => {
    reader.feed(bytes)
    gathered.push(bytes)
    size += bytes.length
    if (size >= answerBlobBytes) pack()
  }
  const pack = () => {
    if (size > 0) blobs.push(packBlob(Buffer.concat(gathered)))
    gathered = []
    size = 0
  }
  try {
    for await (const bytes of chunksOf(head.id)) add(bytes)
  } catch (thrown) {
    log.error({ interceptionId: head.id, err: toError(thrown) }, 'a recorded answer cannot be read back in full')
  }
  if (rest.length > 0) add(rest)
  pack()
  return { kind: 'end', frame, head, reading: head.reading ?? reader.finish(), slices: slicesOf(blobs), blobs }
}

/** What is left of an entry when its content is what cannot be written. */
export function withoutContent(entry: Prepared): Prepared {
  if (entry.kind === 'start') return { ...entry, reading: emptyRequestReading, slices: null, blobs: [] }
  if (entry.kind === 'end') return { ...entry, reading: answerReader(entry.head.route).finish(), slices: [], blobs: [] }
  return entry
}

const slicesOf = (blobs: readonly Blob[]): Slice[] =>
  blobs.reduce<Slice[]>((all, { sha256, rawBytes }) => withSlice(all, { sha256, from: 0, to: rawBytes }), [])
