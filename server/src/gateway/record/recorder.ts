import { Fault } from '@reeve/base'
import type { EndFacts, Masker, Recorder, Recording, SentFacts, StartFacts } from '@reeve/bridge'
import { type Capture, type Outcome } from '@reeve/sdk'
import type { Journal } from '../../journal/journal.ts'
import { AnswerBuffer, fingerprintsMax } from './answer-buffer.ts'
import { requestWithin, responseWithin } from './capture.ts'
import { type AnswerReader, answerReader, readRequestBody } from './derive.ts'
import {
  type Attempt,
  encodeChunk,
  encodeEnd,
  encodeStart,
  encodeTrailer,
  type EndHead,
  frameKind,
  type SentHead,
  type StartHead,
  type Traced,
} from './frames.ts'

export interface RecorderOptions {
  readonly journal: Pick<Journal, 'append' | 'appendSoon'>
  readonly capture: Capture
  /** Null keeps what comes as it is. The request's bytes come masked already. */
  readonly masker: Masker | null
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
export function createRecorder(options: RecorderOptions): Recorder & Disposable {
  const { journal, capture, watch } = options
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
      await journal.append(frameKind.start, encodeStart(startHead(start, options), full ? middle : new Uint8Array()))
      watch.durable()
      if (!full) return readRecording(options, start)
      const recording = new FullRecording(options, start, () => open.delete(recording))
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
  readonly #with: RecorderOptions
  readonly #start: StartFacts
  readonly #answer: AnswerBuffer
  readonly #closed: () => void
  #lost = false

  constructor(options: RecorderOptions, start: StartFacts, closed: () => void) {
    this.#with = options
    // The body is in the journal; holding it here would keep it for as long as the answer takes.
    this.#start = { ...start, body: { ...start.body, bytes: new Uint8Array() } }
    this.#answer = new AnswerBuffer((bytes) => {
      if (!options.journal.appendSoon(frameKind.chunk, encodeChunk(start.id, bytes))) this.#lost = true
    }, options.masker)
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
    const end = this.#lost ? withPartLost(given) : this.#with.watch.amend(this.#start, given)
    const head = endHead(this.#start, end, { ...this.#answer.totals(), reading: null }, this.#with.masker)
    await this.#with.journal.append(frameKind.end, encodeEnd(head, rest), { closing: true })
    this.#with.watch.durable()
    if (this.#lost) throw new Fault('unavailable', partLost)
  }

  async trailer(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    const kept = this.#answer.last(bytes)
    const { responseBytes, responseSha256 } = this.#answer.totals()
    const head = { id: this.#start.id, responseBytes, responseSha256 }
    await this.#with.journal.append(frameKind.trailer, encodeTrailer(head, kept), { closing: true })
    this.#with.watch.durable()
  }
}

/** For the levels below `full`: nothing is journaled between the start and the end. */
function readRecording({ journal, capture, masker, watch }: RecorderOptions, start: StartFacts): Recording {
  const facts: StartFacts = { ...start, body: { ...start.body, bytes: new Uint8Array() } }
  const reader: AnswerReader = answerReader(start.route)
  const totals = new AnswerBuffer((bytes) => reader.feed(bytes), masker)
  return {
    response: (bytes) => totals.add(bytes),
    async end(given) {
      const end = watch.amend(facts, given)
      reader.feed(totals.take())
      const reading = responseWithin(capture, reader.finish())
      const head = endHead(start, withoutQuotes(end), { ...totals.totals(), reading }, masker)
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

/** What a client says of itself may hold a secret like anything else that it sends. */
const maskedText = (masker: Masker | null, text: string): string => masker?.text(text) ?? text
const maskedTextOrNull = (masker: Masker | null, text: string | null): string | null =>
  text === null ? null : maskedText(masker, text)

function startHead(start: StartFacts, { capture, masker }: RecorderOptions): StartHead {
  const full = capture === 'full'
  const { bytes, sha256, keptSha256, masked, fingerprints, base } = start.body
  return {
    id: start.id,
    userId: start.actor.userId,
    organizationId: start.actor.organizationId,
    apiKeyId: start.actor.apiKeyId,
    startedAt: start.startedAt.toISOString(),
    provider: start.provider,
    providerName: start.providerName,
    route: start.route,
    model: maskedText(masker, start.model),
    streaming: start.streaming,
    credentialKind: start.credentialKind,
    credentialHint: start.credentialHint,
    sourceIp: start.sourceIp,
    boundary: start.boundary ?? null,
    client: start.client,
    clientVersion: maskedTextOrNull(masker, start.clientVersion),
    userAgent: maskedTextOrNull(masker, start.userAgent),
    clientSessionId: maskedTextOrNull(masker, start.clientSessionId),
    agentId: maskedTextOrNull(masker, start.agentId),
    parentAgentId: maskedTextOrNull(masker, start.parentAgentId),
    capture,
    requestBytes: bytes.length,
    requestSha256: Buffer.from(sha256).toString('hex'),
    keptSha256: masked === 0 ? null : Buffer.from(keptSha256).toString('hex'),
    masked,
    fingerprints: fingerprints.slice(0, fingerprintsMax),
    trace: start.trace,
    base: full ? base : null,
    sent: start.sent === null ? null : sentHead(start.sent, full, masker),
    reading: full ? null : requestWithin(capture, readRequestBody(bytes, start)),
  }
}

/** The texts of a patch are as long as those that they came from, masked or not. */
function sentHead({ path, patch, bytes, sha256 }: SentFacts, full: boolean, masker: Masker | null): SentHead {
  const edits = patch.edits.map((edit) => ({ ...edit, text: maskedText(masker, edit.text) }))
  return {
    path: maskedText(masker, path),
    bytes,
    sha256: Buffer.from(sha256).toString('hex'),
    patch: full ? { ...patch, edits } : null,
  }
}

type EndRest = Pick<EndHead, 'responseBytes' | 'responseSha256' | 'masked' | 'fingerprints' | 'reading'>

function endHead(start: StartFacts, end: EndFacts, rest: EndRest, masker: Masker | null): EndHead {
  const { id, route } = start
  // One attempt is the ordinary case, and says nothing that the end does not say.
  const retried = end.attempts.length > 1
  return {
    id,
    route,
    endedAt: end.endedAt.toISOString(),
    outcome: end.outcome satisfies Outcome,
    statusCode: end.statusCode,
    errorType: end.errorType,
    errorMessage: maskedTextOrNull(masker, end.errorMessage),
    providerRequestId: end.providerRequestId,
    attempts: retried ? end.attempts.map(journaled) : [],
    credentialHint: retried ? (end.attempts.at(-1)?.credentialHint ?? null) : null,
    decisions: end.decisions.map(({ at, ...decision }) => ({ at: at.toISOString(), ...decision })),
    contentType: end.contentType,
    durationMs: end.durationMs,
    firstByteMs: end.firstByteMs,
    gatewayMs: end.gatewayMs,
    trace: traced(start, end, masker),
    responseBytes: rest.responseBytes,
    responseSha256: rest.responseSha256,
    masked: rest.masked,
    fingerprints: rest.fingerprints,
    reading: rest.reading,
  }
}

function traced(start: StartFacts, { attempts }: EndFacts, masker: Masker | null): Traced | null {
  const { trace, startedAt, provider, model, streaming, client } = start
  if (trace?.sampled !== true) return null
  return {
    context: trace,
    startedAt: startedAt.toISOString(),
    provider,
    model: maskedText(masker, model),
    streaming,
    client,
    attempts: attempts.map(journaled),
  }
}

const journaled = ({ at, ...attempt }: EndFacts['attempts'][number]): Attempt => ({ at: at.toISOString(), ...attempt })
