import type { AnswerKind } from './conversation.ts'

/**
 * The answers of the scripted provider, as bytes that the load generator knows too. Every answer carries, in its
 * message id, the checksum of the request that the provider received; an event of a paced stream carries the moment at
 * which it was sent. Both are written into places of fixed width, so that everything else can be compared byte by byte.
 */
export const checksumLength = 64
export const momentLength = 16

/** From here, and up to there, in the whole answer. */
export interface Place {
  readonly from: number
  readonly to: number
}

export interface Template {
  readonly contentType: string
  readonly pieces: readonly Buffer[]
  readonly all: Buffer
  readonly checksumAt: number
  /** What differs from answer to answer, in order: everything else is the same in each of them. */
  readonly places: readonly Place[]
  /** Where in each piece the moment goes; null when it has none. */
  readonly momentAt: readonly (number | null)[]
  readonly everyMs: number
}

const idMark = 'C'.repeat(checksumLength)
const momentMark = 'T'.repeat(momentLength)

const event = (type: string, facts: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`
const delta = (text: string): string => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })

const message = { id: `msg_${idMark}`, type: 'message', role: 'assistant', model: 'claude-bench' }
const begin = [
  event('message_start', {
    message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 50_000, output_tokens: 1 } },
  }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
]
const end = [
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 300 } }),
  event('message_stop', {}),
]

function template(contentType: string, texts: readonly string[], everyMs: number): Template {
  const pieces = texts.map((text) => Buffer.from(text))
  const all = Buffer.concat(pieces)
  const checksumAt = all.indexOf(idMark)
  return {
    contentType,
    pieces,
    all,
    checksumAt,
    places: [{ from: checksumAt, to: checksumAt + checksumLength }, ...momentsIn(all)],
    momentAt: pieces.map((piece) => (piece.includes(momentMark) ? piece.indexOf(momentMark) : null)),
    everyMs,
  }
}

function* momentsIn(all: Buffer): Generator<Place> {
  for (let from = all.indexOf(momentMark); from !== -1; from = all.indexOf(momentMark, from + momentLength)) {
    yield { from, to: from + momentLength }
  }
}

const words = 'Reading the file first; the loop over its lines keeps every byte. '
const oneKb = JSON.stringify({
  ...message,
  content: [{ type: 'text', text: words.repeat(11) }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 50_000, output_tokens: 190 },
})

/** `hold` is a stream that stays open: its few events come seconds apart. `long` is one in which a second passes between two. */
export const answers: Readonly<Record<AnswerKind, Template>> = {
  json: template('application/json', [oneKb], 0),
  sse: template(
    'text/event-stream; charset=utf-8',
    [...begin, ...Array.from({ length: 295 }, (_, at) => delta(words.slice(at % 40, (at % 40) + 24))), ...end],
    0,
  ),
  paced: template(
    'text/event-stream; charset=utf-8',
    [...begin, ...Array.from({ length: 95 }, () => delta(`${momentMark} `)), ...end],
    10,
  ),
  hold: template(
    'text/event-stream; charset=utf-8',
    [...begin, ...Array.from({ length: 8 }, () => delta(words)), ...end],
    2_000,
  ),
  long: template(
    'text/event-stream; charset=utf-8',
    [...begin, ...Array.from({ length: 25 }, () => delta(`${momentMark} ${words}`)), ...end],
    1_000,
  ),
}

/** Microseconds on a clock that all processes of this machine share. */
export function momentMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
