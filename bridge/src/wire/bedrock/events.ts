import { asEvent } from '../as-event.ts'
import { objectOf, parseJson, stringOf } from '../json.ts'
import { brokenFrame, frameError } from './errors.ts'
import { type Frame, wholeFrames } from './frames.ts'

/** What a frame carries of the model's own stream, an event in JSON; null when it carries none. */
export function carriedEvent({ payload }: Frame): Buffer | null {
  const bytes = stringOf(objectOf(parseJson(payload.toString('utf8')))['bytes'])
  return bytes === null ? null : Buffer.from(bytes, 'base64')
}

/**
 * The frames in the form in which they are recorded: what they carry, as the events of the Messages API. In base64 no
 * secret would be found and nobody could read along. A frame that is cut off carries nothing.
 */
export function asEvents(frames: Buffer): Buffer {
  return Buffer.concat([...wholeFrames(frames)].map(({ frame }) => recorded(frame)))
}

function recorded(frame: Frame | null): Buffer {
  const error = frame === null ? brokenFrame : frameError(frame)
  if (frame === null || error !== null) return asEvent(Buffer.from(JSON.stringify({ type: 'error', error })))
  return asEvent(carriedEvent(frame) ?? frame.payload)
}
