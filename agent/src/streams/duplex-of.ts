import { Duplex } from 'node:stream'
import { offeredDuplex, type OfferedStream, type StreamHandlers } from '@reeve/base'

/** An offered stream as a `Duplex`, and what is to be told of it. */
export function duplexOf(offered: OfferedStream): [Duplex, StreamHandlers] {
  const [duplex, handlers] = offeredDuplex((options) => new Duplex(options), offered)
  // Whoever asked went away: what belongs to it ends with its close.
  duplex.on('error', () => {})
  return [duplex, handlers]
}
