import { Fault } from '../fault.ts'
import type { MuxStream, OfferedStream, StreamHandlers } from './multiplex.ts'

/**
 * A stream in the shape that Node's `Duplex` is constructed from. This package runs in browsers too, and so it is the
 * caller who constructs: `asDuplex((options) => new Duplex(options), (handlers) => mux.open(header, handlers))`.
 */
export interface DuplexOptions {
  readonly allowHalfOpen: true
  readonly readableHighWaterMark: number
  readonly writableHighWaterMark: number
  readonly read: () => void
  readonly write: (chunk: Uint8Array, encoding: unknown, done: (error?: Error | null) => void) => void
  readonly final: (done: (error?: Error | null) => void) => void
  readonly destroy: (error: Error | null, done: (error?: Error | null) => void) => void
}

interface Pushing {
  push(chunk: Uint8Array | null): boolean
  destroy(error?: Error): unknown
}

const bufferBytes = 64 * 1024

export function asDuplex<D extends Pushing>(
  make: (options: DuplexOptions) => D,
  begin: (handlers: StreamHandlers) => MuxStream,
  opened: () => void = () => {},
): D {
  let stream: MuxStream | null = null
  let isOver = false
  /** Of the write or the end that waits, which a reset leaves behind. */
  let waiting: ((error?: Error | null) => void) | null = null
  const duplex = make({
    allowHalfOpen: true,
    readableHighWaterMark: bufferBytes,
    writableHighWaterMark: bufferBytes,
    read: () => stream?.resume(),
    write(chunk, _, done) {
      waiting = done
      stream?.write(chunk, () => {
        waiting = null
        done()
      })
    },
    final(done) {
      waiting = done
      stream?.end(() => {
        waiting = null
        done()
      })
    },
    destroy(error, done) {
      if (!isOver) stream?.reset(error === null ? 'closed' : 'failed')
      isOver = true
      waiting?.(error ?? new Fault('unavailable', 'the stream is closed'))
      waiting = null
      done(error)
    },
  })
  stream = begin({
    opened,
    data: (bytes) => duplex.push(bytes),
    end: () => void duplex.push(null),
    reset(reason) {
      isOver = true
      duplex.destroy(new Fault('unavailable', reason))
    },
  })
  return duplex
}

/** One that is offered, and what is to be told of it. Nothing comes over it before it is taken. */
export function offeredDuplex<D extends Pushing>(
  make: (options: DuplexOptions) => D,
  offered: OfferedStream,
): [D, StreamHandlers] {
  const told: StreamHandlers[] = []
  const duplex = asDuplex(make, (handlers) => {
    told.push(handlers)
    return offered
  })
  const [handlers] = told
  if (handlers === undefined) throw new Fault('internal', 'a stream without handlers')
  return [duplex, handlers]
}
