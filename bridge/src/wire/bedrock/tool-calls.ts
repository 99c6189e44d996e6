import { anthropicToolCalls } from '../anthropic-messages/tool-calls.ts'
import { stringOf } from '../json.ts'
import { readStrictly, strictKeys } from '../strict-json.ts'
import type { ToolCallFormat, Unit } from '../tool-calls.ts'
import { frameError } from './errors.ts'
import { type Frame, wholeFrames } from './frames.ts'

/** Amazon Bedrock's InvokeModel: the calls of the Messages API, in frames. */
export const bedrockToolCalls: ToolCallFormat = { ...anthropicToolCalls, units: frameUnits }

function* frameUnits(bytes: Buffer): Generator<Unit> {
  let to = 0
  for (const { from, frame } of wholeFrames(bytes)) {
    to = frame === null ? bytes.length : from + bytes.readUInt32BE(from)
    yield { bytes: bytes.subarray(from, to), event: frame === null ? 'unreadable' : eventOf(frame) }
  }
  if (to < bytes.length) yield { bytes: bytes.subarray(to), event: 'unreadable' }
}

const keys = strictKeys(['bytes'], [])

function eventOf(frame: Frame): Unit['event'] {
  if (frameError(frame) !== null) return null
  const text = frame.payload.toString('utf8')
  const carried = readStrictly(text, keys)?.[0]?.['bytes']
  if (carried === undefined) return { event: '', data: text, id: null, retry: null }
  const base64 = stringOf(carried) ?? ''
  // Decoders differ in what they pass over.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return 'unreadable'
  return { event: '', data: Buffer.from(base64, 'base64').toString('utf8'), id: null, retry: null }
}
