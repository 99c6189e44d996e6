import type { IncomingHttpHeaders } from 'node:http'
import type { Limits } from '../../limits.ts'
import type { AnswerTaker } from '../../translation.ts'
import { asEvent } from '../../wire/as-event.ts'
import { bedrock } from '../../wire/bedrock/bedrock.ts'
import { brokenFrame, frameError, readError } from '../../wire/bedrock/errors.ts'
import { carriedEvent } from '../../wire/bedrock/events.ts'
import { type Frame, wholeFrames } from '../../wire/bedrock/frames.ts'
import { isObject, type JsonObject, objectOf, parseJson, stringOf } from '../../wire/json.ts'
import {
  type BodyTranslation,
  translatedAnswer,
  untouched,
  wholeBody,
} from '../messages-elsewhere/translated-answer.ts'
import { errorEvent, statusFor } from './errors.ts'

const said = {
  status: statusFor,
  requestId: (headers: IncomingHttpHeaders) => [headers['x-amzn-requestid']].flat()[0] ?? null,
  readError,
} as const

/** An answer to `/v1/messages`: frames become events, errors Anthropic's, and anything else stays as it is. */
export function messagesAnswer(to: AnswerTaker, limits: Limits): AnswerTaker {
  const body = (headers: IncomingHttpHeaders): BodyTranslation => (isFrames(headers) ? eventsOf(limits) : untouched)
  return translatedAnswer(to, limits, { ...said, body })
}

/** An answer to `/v1/messages/count_tokens`: one number, which has another name. */
export function countedAnswer(to: AnswerTaker, limits: Limits): AnswerTaker {
  const counted = (body: Buffer): Buffer => {
    const { inputTokens } = objectOf(parseJson(body.toString('utf8')))
    return typeof inputTokens === 'number' ? Buffer.from(JSON.stringify({ input_tokens: inputTokens })) : body
  }
  return translatedAnswer(to, limits, { ...said, body: () => wholeBody(limits, counted) })
}

function isFrames(headers: IncomingHttpHeaders): boolean {
  const type = [headers['content-type']].flat()[0] ?? ''
  return type.split(';')[0]?.trim().toLowerCase() === bedrock.framed?.contentType
}

/** Nothing comes behind what ended the answer. */
function eventsOf(limits: Limits): BodyTranslation {
  const watcher = bedrock.watchTerminal(limits.eventBytes)
  let over = false
  return {
    contentType: 'text/event-stream; charset=utf-8',
    push(chunk) {
      if (over) return null
      const { events, terminal, tooLong } = watcher.push(chunk)
      over = tooLong || terminal !== null
      const written = [events, terminal].flatMap((frames) =>
        frames === null ? [] : [...wholeFrames(frames)].map(({ frame }) => eventOf(frame)),
      )
      if (tooLong) written.push(errorEvent(frameTooLong))
      return written.length === 0 ? null : Buffer.concat(written)
    },
    finish: () => null,
  }
}

const frameTooLong = { type: 'frame_too_long', message: 'The provider sent a frame that is larger than any may be.' }
const metrics = 'amazon-bedrock-invocationMetrics'
const nothing = Buffer.alloc(0)

/** The event in the bytes in which Anthropic would send it. */
function eventOf(frame: Frame | null): Buffer {
  const error = frame === null ? brokenFrame : frameError(frame)
  if (frame === null || error !== null) return errorEvent(error ?? brokenFrame)
  const event = carriedEvent(frame)
  if (event === null) return nothing
  const value = parseJson(event.toString('utf8'))
  const type = stringOf(objectOf(value)['type']) ?? ''
  const named = Buffer.from(/^\w+$/.test(type) ? `event: ${type}\n` : '')
  return Buffer.concat([
    named,
    asEvent(isObject(value) && Object.hasOwn(value, metrics) ? withoutMetrics(value) : event),
  ])
}

/** Amazon's own numbers about the invocation, in the last event; the tokens among them stand in the one before, too. */
function withoutMetrics(event: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(event).filter(([name]) => name !== metrics))))
}
