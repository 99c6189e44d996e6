import type { Refusal, WireError } from './wire-format.ts'

/** How an API is spoken over a WebSocket, for the relay: what of it has to be known to keep the record. */
export interface SocketFormat {
  readClientMessage(message: Buffer): ClientMessage
  /** The id of what the provider's message says is being made; null when it says none. */
  madeIn(message: Buffer): string | null
  /** What the message ends the answer with; null when it does not end it. */
  endOf(message: Buffer): MessageEnd | null
  /** A message that tells the client why there is no answer. */
  error(refusal: Refusal): Buffer
}

/** `ask` is one request for an answer; `control` asks for none; anything else is not known to ask for none. */
export type ClientMessage = 'ask' | 'control' | 'unknown'

export interface MessageEnd {
  /** Null for the proper end of an answer. */
  readonly error: WireError | null
  /** The status that an error says it has. */
  readonly status: number | null
}

/**
 * A message in the form in which it is recorded: as the event of a stream, so that an answer reads alike however it was
 * carried. A line end can only stand between two tokens of the JSON, and begins another line of the same event.
 */
export function asEvent(message: Buffer): Buffer {
  if (!message.includes(10) && !message.includes(13)) return Buffer.concat([beginning, message, ending])
  const lines = message.toString('utf8').split(/\r\n|\r|\n/)
  return Buffer.from(`${lines.map((line) => `data: ${line}\n`).join('')}\n`)
}

const beginning = Buffer.from('data: ')
const ending = Buffer.from('\n\n')
