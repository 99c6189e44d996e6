import type { ClientHints } from '../clients.ts'
import type { Scan, ScanResult, EarlierScan } from '../scan.ts'
import type { StoredFormat } from './stored-format.ts'
import type { ToolCallFormat } from './tool-calls.ts'

/** Why the bridge, or the gateway around it, answers itself instead of the provider. */
export type RefusalReason =
  | 'unauthenticated'
  | 'forbidden'
  /** A policy says no: asking again changes nothing. */
  | 'denied'
  | 'not_found'
  | 'invalid'
  | 'too_large'
  | 'unsupported_media_type'
  | 'too_slow'
  | 'limited'
  /** As `limited`, and over in a moment: whoever asks again has his answer. */
  | 'throttled'
  | 'unavailable'
  | 'upstream_failed'
  | 'upstream_silent'
  | 'internal'

export interface Refusal {
  readonly reason: RefusalReason
  /** Shown to whoever asked. */
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** An answer of our own, ready to be written. */
export interface WireAnswer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

export interface WireError {
  readonly type: string
  readonly message: string
}

/**
 * Finds the end of whole events in a stream that arrives in pieces, and the event that ends the answer, without looking
 * into the others.
 */
export interface TerminalWatcher {
  /** Takes the next bytes. */
  push(chunk: Buffer): WatchedPiece
  /** Bytes that were taken and not given out, because their event has not ended. */
  rest(): Buffer
  /** Whether the answer is whole if the stream ends here, although no event said so: some providers leave it out. */
  whole(): boolean
}

export interface WatchedPiece {
  /** Whole events, none of which ends the answer. */
  readonly events: Buffer | null
  /** The event that ends the answer and all whole events behind it; null until it has come. */
  readonly terminal: Buffer | null
  /** The error that the terminal event says; null when it is a proper end. */
  readonly error: WireError | null
  /** True when an event has grown past the bound: the stream has to be given up. */
  readonly tooLong: boolean
}

/**
 * How one kind of API is relayed. Another format is another folder beside `anthropic-messages` with a value of this
 * type and a reader (`wire-reader.ts`) for what was recorded, and nothing else in the bridge knows about it.
 */
export interface WireFormat {
  scan(body: Buffer, earlier?: EarlierScan): ScanResult
  /** What the scanned body says about itself; some APIs say part of it in the path instead. */
  requestFacts(body: Buffer, scan: Scan, path: string): RequestFacts
  /** Hash of how the conversation begins, for clients that do not say which session a request belongs to. */
  beginning(body: Buffer, scan: Scan): string | null
  refusal(refusal: Refusal, requestId: string | null): WireAnswer
  /** What ends a stream whose answer has begun already. */
  streamError(refusal: Refusal): Buffer
  watchTerminal(eventBytesMax: number): TerminalWatcher
  /** The error that an answer with an error status carries. */
  readError(body: Buffer): WireError
  readonly toolCalls: ToolCallFormat
  /** Of an API whose streams are no `text/event-stream`. */
  readonly framed?: FramedStreams
  /** Of an API whose provider keeps what it was asked and answered. */
  readonly stored?: StoredFormat
  /** Of an API that is spoken over WebSockets too. */
  readonly socket?: SocketFormat
}

/** Streams in a form of their own, which are recorded as events so that they read like any other. */
export interface FramedStreams {
  readonly contentType: string
  /** The whole frames in the bytes as an event stream. */
  asEvents(frames: Buffer): Buffer
}

export interface RequestFacts extends ClientHints {
  /** Empty when the body names none. */
  readonly model: string
  readonly streaming: boolean
  /** Why it cannot be told which model the provider would take. */
  readonly problem?: string
}

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
