import { objectOf, parseJson } from '../json.ts'
import type { TerminalWatcher, WatchedPiece, WireError } from '../wire-format.ts'
import { brokenFrame, frameError } from './errors.ts'
import { carriedEvent } from './events.ts'
import { type Frame, frameLength, wholeFrames } from './frames.ts'

/**
 * A stream ends with the event that states the invocation's metrics, whatever model speaks (one that speaks the Messages
 * API says `message_stop` in it), or with an exception. Whole frames are given out. A frame that is broken ends it too:
 * nothing behind it can be told apart any more, and the client gets it as it is.
 */
export function watchTerminal(eventBytesMax: number): TerminalWatcher {
  let pending: Buffer[] = []
  let pendingBytes = 0
  /** So many bytes have to be there before there is anything new to see. */
  let wanted = preludeBytes

  const hold = (bytes: Buffer): void => {
    pending = bytes.length === 0 ? [] : [bytes]
    pendingBytes = bytes.length
  }
  return {
    push(chunk) {
      pending.push(chunk)
      pendingBytes += chunk.length
      if (pendingBytes < wanted) return nothing
      const bytes = Buffer.concat(pending)
      let to = 0
      for (const { from, frame } of wholeFrames(bytes)) {
        const verdict = frame === null ? brokenFrame : verdictOf(frame)
        if (verdict !== null) {
          hold(bytes.subarray(bytes.length))
          const events = from === 0 ? null : bytes.subarray(0, from)
          const error = verdict === 'stop' ? null : verdict
          return { events, terminal: bytes.subarray(from), error, tooLong: false }
        }
        to = from + bytes.readUInt32BE(from)
      }
      hold(bytes.subarray(to))
      const length = frameLength(bytes, to)
      wanted = typeof length === 'number' ? length : preludeBytes
      if (wanted > eventBytesMax) return { ...nothing, tooLong: true }
      return to === 0 ? nothing : { ...nothing, events: bytes.subarray(0, to) }
    },
    rest: () => Buffer.concat(pending),
    whole: () => false,
  }
}

const preludeBytes = 12
const nothing: WatchedPiece = { events: null, terminal: null, error: null, tooLong: false }
const metrics = 'amazon-bedrock-invocationMetrics'

function verdictOf(frame: Frame): WireError | 'stop' | null {
  const error = frameError(frame)
  if (error !== null) return error
  const event = carriedEvent(frame)?.toString('utf8') ?? ''
  if (!event.includes('message_stop') && !event.includes(metrics)) return null
  const value = objectOf(parseJson(event))
  return value['type'] === 'message_stop' || Object.hasOwn(value, metrics) ? 'stop' : null
}
