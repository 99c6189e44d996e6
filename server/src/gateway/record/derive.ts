import {
  type Observation,
  readerOf,
  type ResponseReading as WireReading,
  type RouteKind,
  sseSplitter,
  turnRoutes,
  type WireReader,
} from '@reeve/bridge'
import type { Item, RequestReading, ResponseReading } from './reading.ts'

/** Texts are cut here; the exact bytes are kept apart. */
const textBytesMax = 256 * 1024
/** An answer in one piece that is larger than this is kept as bytes and not read. */
const wholeBytesMax = 64 * 1024 * 1024

export const emptyRequestReading: RequestReading = {
  items: [],
  continues: false,
  side: false,
  beginning: null,
  turn: null,
  follows: null,
}

/** What a request brought. Only a request for an answer is a turn of anybody's; wrong shapes read as nothing. */
export function readRequestBody(
  bytes: Uint8Array,
  facts: { readonly route: RouteKind; readonly agentId: string | null; readonly client: string },
): RequestReading {
  const reader = readerOf(facts.route)
  if (reader === null || !turnRoutes.includes(facts.route) || bytes.length === 0) return emptyRequestReading
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const subAgent = facts.agentId !== null
  const { observations, continues, side, beginning, turn, follows } = reader.readRequest(body, {
    subAgent,
    client: facts.client,
  })
  return { items: observations.map(itemOf), continues, side, beginning, turn, follows: follows ?? null }
}

export interface AnswerReader {
  /** Takes the next bytes of the answer; they are not kept. */
  feed(bytes: Uint8Array): void
  finish(): ResponseReading
}

/**
 * Reads an answer as it comes, stream or not: a JSON document begins with a bracket and an event stream cannot. Which of
 * them was announced is not asked, because errors come as JSON where a stream was wanted. The answer of a route that asks
 * no model reads as nothing.
 */
export function answerReader(route: RouteKind): AnswerReader {
  const wire = readerOf(route)
  if (wire === null) return noReader
  let reader: AnswerReader | null = null
  return {
    feed(bytes) {
      if (bytes.length === 0) return
      reader ??= brackets.includes(bytes[0]!) ? wholeReader(wire) : streamReader(wire)
      reader.feed(bytes)
    },
    finish: () => (reader ?? streamReader(wire)).finish(),
  }
}

const brackets = [...Buffer.from('{[')]

const noReader: AnswerReader = {
  feed() {},
  finish: () => ({
    items: [],
    modelServed: null,
    responseId: null,
    stopReason: null,
    tokens: null,
    usageRaw: null,
    complete: true,
    errorType: null,
    errorMessage: null,
  }),
}

function wholeReader(wire: WireReader): AnswerReader {
  const parts: Buffer[] = []
  let size = 0
  return {
    feed(bytes) {
      size += bytes.length
      if (size <= wholeBytesMax) parts.push(Buffer.from(bytes))
      else parts.length = 0
    },
    finish() {
      const { observations, ...rest } = wire.readWhole(Buffer.concat(parts))
      return answered(rest, observations.map(itemOf))
    },
  }
}

function streamReader(wire: WireReader): AnswerReader {
  const split = sseSplitter()
  const stream = wire.readStream()
  const items: Item[] = []
  let givenUp = false
  return {
    feed(bytes) {
      if (givenUp) return
      try {
        for (const event of split(Buffer.from(bytes))) items.push(...stream.step(event).map(itemOf))
      } catch {
        // An event without an end: the relay gave the stream up at the same place. What came before it counts.
        givenUp = true
      }
    },
    finish() {
      const { observations, ...rest } = stream.finish()
      return answered(rest, [...items, ...observations.map(itemOf)])
    },
  }
}

type Facts = Omit<WireReading, 'observations'>

const answered = (facts: Facts, items: readonly Item[]): ResponseReading => ({
  items: [...items],
  modelServed: facts.modelServed,
  responseId: facts.responseId,
  stopReason: facts.stopReason,
  tokens: facts.usage,
  usageRaw: facts.usageRaw === null ? null : { ...facts.usageRaw },
  complete: facts.complete,
  errorType: facts.error?.type ?? null,
  errorMessage: facts.error?.message ?? null,
})

function itemOf(seen: Observation): Item {
  const textBytes = seen.text === null ? 0 : Buffer.byteLength(seen.text)
  const tooLong = textBytes > textBytesMax
  return {
    kind: seen.kind,
    origin: seen.origin,
    text: seen.text === null || !tooLong ? seen.text : beginningOf(seen.text),
    textBytes,
    truncated: tooLong || seen.note === 'truncated',
    notCaptured: false,
    toolName: seen.toolName,
    toolCallId: seen.toolCallId,
    isError: seen.isError,
  }
}

/** As many whole characters as fit. */
function beginningOf(text: string): string {
  const bytes = Buffer.from(text.slice(0, textBytesMax))
  return bytes
    .subarray(0, textBytesMax)
    .toString('utf8')
    .replace(/\uFFFD$/, '')
}
