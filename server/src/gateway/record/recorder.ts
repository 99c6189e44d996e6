import { Fault } from '@reeve/base'
import type { Recorder, Recording, EndFacts, StartFacts } from '@reeve/bridge'
import { type Capture, type Outcome } from '@reeve/sdk'
import type { Journal } from '../../journal/journal.ts'
import { AnswerBuffer } from './answer-buffer.ts'
import { requestWithin, responseWithin } from './capture.ts'
import { type AnswerReader, answerReader, readRequestBody } from './derive.ts'
import {
  encodeChunk,
  encodeEnd,
  encodeStart,
  encodeTrailer,
  type EndHead,
  frameKind,
  type StartHead,
} from './frames.ts'

export interface RecorderOptions {
  readonly journal: Pick<Journal, 'append' | 'appendSoon'>
  readonly capture: Capture
  readonly watch: RecordWatch
}

export interface RecordWatch {
  /** Is called after each frame that became durable. */
  durable(): void
  /** The end as it is to be recorded: whoever cut a stream knows better than the bridge why it ended. */
  amend(start: StartFacts, end: EndFacts): EndFacts
}

const flushMs = 1_000

/**
 * Keeps the record in the journal: a start before anything is sent, the answer's bytes in chunks as they come, an end
 * before the answer is complete for the client. With a capture level below `full` no content may touch the disk: then
 * the request and the answer are read in passing, and what the level allows goes into the journal in their place.
 */
export function createRecorder({ journal, capture, watch }: RecorderOptions): Recorder & Disposable {
  const open = new Set<FullRecording>()
  const timer = setInterval(() => {
    for (const recording of open) recording.flush()
  }, flushMs)
  timer.unref()

  return {
    async begin(start) {
      const full = capture === 'full'
      const { bytes, base } = start.body
      const middle = bytes.subarray(base?.prefixBytes ?? 0, bytes.length - (base?.suffixBytes ?? 0))
      await journal.append(frameKind.start, encodeStart(startHead(start, capture), full ? middle : new Uint8Array()))
      watch.durable()
      if (!full) return readRecording(journal, capture, watch, start)
      const recording = new FullRecording(journal, watch, start, () => open.delete(recording))
      open.add(recording)
      return recording
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}

const partLost = 'Part of the answer could not be recorded, so the rest of it was not passed on.'

/** A complete answer that is not wholly on record was cut by us; any other end stays what it was. */
function withPartLost(given: EndFacts): EndFacts {
  const outcome = given.outcome === 'ok' ? 'interrupted' : given.outcome
  return {
    ...given,
    outcome,
    errorType: given.errorType ?? 'record_incomplete',
    errorMessage: given.errorMessage ?? partLost,
  }
}

class FullRecording implements Recording {
  readonly #journal: RecorderOptions['journal']
  readonly #watch: RecordWatch
  readonly #start: StartFacts
  readonly #answer: AnswerBuffer
  readonly #closed: () => void
  #lost = false

  constructor(journal: RecorderOptions['journal'], watch: RecordWatch, start: StartFacts, closed: () => void) {
    this.#journal = journal
    this.#watch = watch
    // The body is in the journal; holding it here would keep it for as long as the answer takes.
    this.#start = { ...start, body: { ...start.body, bytes: new Uint8Array() } }
    this.#answer = new AnswerBuffer((bytes) => {
      if (!journal.appendSoon(frameKind.chunk, encodeChunk(start.id, bytes))) this.#lost = true
    })
    this.#closed = closed
  }

  response(bytes: Uint8Array): void {
    this.#answer.add(bytes)
  }

  flush(): void {
    this.#answer.flush()
  }

  /** When part of the answer could not be kept, the end says so, and the client must not be given the rest of it. */
  async end(given: EndFacts): Promise<void> {
    this.#closed()
    const rest = this.#answer.take()
    const end = this.#lost ? withPartLost(given) : this.#watch.amend(this.#start, given)
    const head = endHead(this.#start.id, end, { ...this.#answer.totals(), reading: null })
    await this.#journal.append(frameKind.end, encodeEnd(head, rest), { closing: true })
    this.#watch.durable()
    if (this.#lost) throw new Fault('unavailable', partLost)
  }

  async trailer(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    this.#answer.add(bytes)
    this.#answer.take()
    const head = { id: this.#start.id, ...this.#answer.totals() }
    await this.#journal.append(frameKind.trailer, encodeTrailer(head, bytes), { closing: true })
    this.#watch.durable()
  }
}

/** For the levels below `full`: nothing is journaled between the start and the end. */
function readRecording(
  journal: RecorderOptions['journal'],
  capture: Capture,
  watch: RecordWatch,
  start: StartFacts,
): Recording {
  const facts: StartFacts = { ...start, body: { ...start.body, bytes: new Uint8Array() } }
  const reader: AnswerReader = answerReader()
  const totals = new AnswerBuffer((bytes) => reader.feed(bytes))
  return {
    response: (bytes) => totals.add(bytes),
    async end(given) {
      const end = watch.amend(facts, given)
      reader.feed(totals.take())
      const reading = responseWithin(capture, reader.finish())
      const head = endHead(start.id, withoutQuotes(end), { ...totals.totals(), reading })
      await journal.append(frameKind.end, encodeEnd(head, new Uint8Array()), { closing: true })
      watch.durable()
    },
    // What comes after the end adds nothing that these levels keep.
    trailer: () => Promise.resolve(),
  }
}

/** An error text of the provider may quote what it was sent. */
function withoutQuotes(end: EndFacts): EndFacts {
  return end.outcome === 'upstream_error' ? { ...end, errorMessage: null } : end
}

function startHead(start: StartFacts, capture: Capture): StartHead {
  const full = capture === 'full'
  return {
    id: start.id,
    userId: start.actor.userId,
    organizationId: start.actor.organizationId,
    apiKeyId: start.actor.apiKeyId,
    startedAt: start.startedAt.toISOString(),
    provider: start.provider,
    providerName: start.providerName,
    route: start.route,
    model: start.model,
    streaming: start.streaming,
    credentialHint: start.credentialHint,
    sourceIp: start.sourceIp,
    client: start.client,
    clientVersion: start.clientVersion,
    userAgent: start.userAgent,
    clientSessionId: start.clientSessionId,
    agentId: start.agentId,
    parentAgentId: start.parentAgentId,
    capture,
    requestBytes: start.body.bytes.length,
    requestSha256: Buffer.from(start.body.sha256).toString('hex'),
    base: full ? start.body.base : null,
    reading: full ? null : requestWithin(capture, readRequestBody(start.body.bytes, start)),
  }
}

type EndRest = Pick<EndHead, 'responseBytes' | 'responseSha256' | 'reading'>

function endHead(id: string, end: EndFacts, rest: EndRest): EndHead {
  return {
    id,
    endedAt: end.endedAt.toISOString(),
    outcome: end.outcome satisfies Outcome,
    statusCode: end.statusCode,
    errorType: end.errorType,
    errorMessage: end.errorMessage,
    providerRequestId: end.providerRequestId,
    contentType: end.contentType,
    durationMs: end.durationMs,
    firstByteMs: end.firstByteMs,
    gatewayMs: end.gatewayMs,
    ...rest,
  }
}
