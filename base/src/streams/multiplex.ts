import { Fault } from '../fault.ts'
import { type Frame, frameOf, readFrame } from './frames.ts'

/**
 * Many streams of bytes over one connection that keeps its messages whole and in order. One side opens streams, the
 * other takes them or says no:
 *
 *   opener ──open──▶ ──window (it is taken)── open both ways ──end, each way── closed
 *            either side, any time: reset with a reason ─────────────────────▶ closed
 *
 * Of each stream only so much is under way as its reader has room for (`window`), so that one who does not read holds up
 * nobody else and grows nobody's memory. What waits to be sent goes out by turns, one piece of each stream.
 */
export const windowBytes = 256 * 1024
export const pieceBytesMax = 16 * 1024
export const streamsMax = 128
/** What a piece takes of the window at least: an object for every byte would be a cheap way to fill a memory. */
const pieceCostMin = 64
const reasonCharsMax = 200

export interface StreamHandlers {
  /** The other side has taken it: what was written goes out from now on. Only for the side that opens. */
  opened?(): void
  /** False when there is no room for more until `resume` is called. */
  data(bytes: Uint8Array): boolean
  end(): void
  /** By the other side, or with the connection. Nothing follows. */
  reset(reason: string): void
}

export interface MuxStream {
  /** `done` is called when there is room for more; never after a reset. */
  write(bytes: Uint8Array, done: () => void): void
  /** `done` is called when all is sent; never after a reset. */
  end(done?: () => void): void
  reset(reason: string): void
  /** What came so far is consumed. */
  resume(): void
}

/** One that the other side wants. It waits until it is taken, or reset. */
export interface OfferedStream extends MuxStream {
  take(): void
}

export interface MultiplexOptions {
  readonly send: (frame: Uint8Array) => void
  /** Whether the connection has enough to do; `drained` is to be called when it no longer has. */
  readonly isCongested: () => boolean
  /** Null from the side that does the opening. A text says why not. */
  readonly accept: ((header: Uint8Array, stream: OfferedStream) => StreamHandlers | string) | null
  readonly streamsMax?: number
}

export interface Multiplex {
  /** Throws a `Fault` when there are too many. */
  open(header: Uint8Array, handlers: StreamHandlers): MuxStream
  /** Throws a `Fault` for what the protocol does not allow: the connection is to be closed. */
  take(message: Uint8Array): void
  drained(): void
  /** The connection is gone, or is not to go on. */
  close(reason: string): void
  readonly size: number
}

interface Entry {
  readonly id: number
  handlers: StreamHandlers
  isTaken: boolean
  readonly waiting: { bytes: Uint8Array; readonly done: () => void }[]
  sendRoom: number
  receiveRoom: number
  /** Consumed, and not yet told. */
  owed: number
  /** Delivered, and not yet consumed. */
  unread: number
  /** All is written; to be called when it is sent. */
  ending: (() => void) | null
  hasEnded: boolean
  hasRead: boolean
}

export function multiplex(options: MultiplexOptions): Multiplex {
  const { send, isCongested, accept } = options
  const entries = new Map<number, Entry>()
  const ready = new Set<Entry>()
  const most = options.streamsMax ?? streamsMax
  let lastId = 0
  let isPumping = false
  let closedWith: string | null = null

  const say = (frame: Frame): void => {
    if (closedWith === null) send(frameOf(frame))
  }

  function add(id: number, rooms: Pick<Entry, 'sendRoom' | 'receiveRoom'>, handlers: StreamHandlers): Entry {
    const entry: Entry = {
      id,
      handlers,
      isTaken: false,
      waiting: [],
      ...rooms,
      owed: 0,
      unread: 0,
      ending: null,
      hasEnded: false,
      hasRead: false,
    }
    entries.set(id, entry)
    return entry
  }

  function drop(entry: Entry): void {
    entries.delete(entry.id)
    ready.delete(entry)
    entry.waiting.length = 0
  }

  const isOpen = (entry: Entry): boolean => entries.get(entry.id) === entry
  const isReady = ({ waiting, sendRoom, ending, hasEnded, isTaken }: Entry): boolean =>
    waiting.length > 0 ? sendRoom >= pieceCostMin : isTaken && ending !== null && !hasEnded

  function pump(entry?: Entry): void {
    if (entry !== undefined && isOpen(entry) && isReady(entry)) ready.add(entry)
    if (isPumping) return
    isPumping = true
    try {
      for (const next of ready) {
        if (isCongested()) break
        // Goes to the end of the line with what it has left.
        ready.delete(next)
        sendPiece(next)
        if (isOpen(next) && isReady(next)) ready.add(next)
      }
    } finally {
      isPumping = false
    }
  }

  function sendPiece(entry: Entry): void {
    const [first] = entry.waiting
    if (first === undefined) {
      entry.hasEnded = true
      say({ kind: 'end', id: entry.id })
      if (entry.hasRead) drop(entry)
      return entry.ending?.()
    }
    const piece = first.bytes.subarray(0, Math.min(pieceBytesMax, entry.sendRoom))
    entry.sendRoom -= costOf(piece)
    first.bytes = first.bytes.subarray(piece.length)
    say({ kind: 'data', id: entry.id, bytes: piece })
    if (first.bytes.length > 0) return
    entry.waiting.shift()
    first.done()
  }

  function consumed(entry: Entry): void {
    entry.owed += entry.unread
    entry.unread = 0
    if (entry.owed < windowBytes / 2 || entry.hasRead || !isOpen(entry)) return
    entry.receiveRoom += entry.owed
    say({ kind: 'window', id: entry.id, bytes: entry.owed })
    entry.owed = 0
  }

  const streamOf = (entry: Entry): MuxStream => ({
    write(bytes, done) {
      if (!isOpen(entry) || entry.ending !== null) return
      if (bytes.length === 0) return done()
      entry.waiting.push({ bytes, done })
      pump(entry)
    },
    end(done = () => {}) {
      if (!isOpen(entry) || entry.ending !== null) return
      entry.ending = done
      pump(entry)
    },
    reset(reason) {
      if (!isOpen(entry)) return
      drop(entry)
      say({ kind: 'reset', id: entry.id, reason: reason.slice(0, reasonCharsMax) })
    },
    resume: () => consumed(entry),
  })

  function takeOpen(id: number, header: Uint8Array): void {
    if (accept === null || id <= lastId) throw breach('a stream is opened that may not be')
    lastId = id
    if (entries.size >= most) return say({ kind: 'reset', id, reason: 'too many streams' })
    const entry = add(id, { sendRoom: 0, receiveRoom: 0 }, untaken)
    const stream = streamOf(entry)
    const take = (): void => {
      if (!isOpen(entry) || entry.isTaken) return
      entry.isTaken = true
      entry.sendRoom = windowBytes
      entry.receiveRoom = windowBytes
      say({ kind: 'window', id, bytes: windowBytes })
      pump(entry)
    }
    const handlers = accept(header, { ...stream, take })
    if (typeof handlers === 'string') stream.reset(handlers)
    else entry.handlers = handlers
  }

  function takeWindow(entry: Entry, bytes: number): void {
    if (entry.sendRoom + bytes > windowBytes) throw breach('a window is opened too far')
    entry.sendRoom += bytes
    if (!entry.isTaken) {
      entry.isTaken = true
      entry.handlers.opened?.()
    }
    pump(entry)
  }

  function takeData(entry: Entry, bytes: Uint8Array): void {
    const cost = costOf(bytes)
    if (cost > entry.receiveRoom || bytes.length > pieceBytesMax || entry.hasRead) {
      throw breach('more is sent than there is room for')
    }
    entry.receiveRoom -= cost
    entry.unread += cost
    if (entry.handlers.data(bytes)) consumed(entry)
  }

  function takeEnd(entry: Entry): void {
    if (entry.hasRead) throw breach('a stream ends twice')
    entry.hasRead = true
    if (entry.hasEnded) drop(entry)
    entry.handlers.end()
  }

  return {
    open(header, handlers) {
      if (closedWith !== null) throw new Fault('unavailable', closedWith)
      if (entries.size >= most) throw new Fault('limited', 'there are too many streams over this connection')
      const entry = add(++lastId, { sendRoom: 0, receiveRoom: windowBytes }, handlers)
      say({ kind: 'open', id: entry.id, header })
      return streamOf(entry)
    },
    take(message) {
      const frame = readFrame(message)
      if (frame.kind === 'open') return takeOpen(frame.id, frame.header)
      const entry = entries.get(frame.id)
      // It may have been reset here while this was under way.
      if (entry === undefined) return
      if (frame.kind === 'data') return takeData(entry, frame.bytes)
      if (frame.kind === 'window') return takeWindow(entry, frame.bytes)
      if (frame.kind === 'end') return takeEnd(entry)
      drop(entry)
      entry.handlers.reset(frame.reason)
    },
    drained: () => pump(),
    close(reason) {
      if (closedWith !== null) return
      closedWith = reason
      for (const entry of entries.values()) {
        drop(entry)
        entry.handlers.reset(reason)
      }
    },
    get size() {
      return entries.size
    },
  }
}

const costOf = (bytes: Uint8Array): number => Math.max(bytes.length, pieceCostMin)

const breach = (what: string): Fault => new Fault('invalid', what)

/** Of a stream that is being looked at. */
const untaken: StreamHandlers = { data: () => true, end: () => {}, reset: () => {} }
