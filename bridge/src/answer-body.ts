import type { AnswerHeaders } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Mask } from './mask.ts'
import type { RecordedOutcome } from './recorder.ts'
import type { FramedStreams, Refusal, WireFormat } from './wire/wire-format.ts'

/** How an interception ends, for the record. */
export interface Ending {
  readonly outcome: RecordedOutcome
  readonly errorType?: string
  readonly errorMessage?: string
}

/** What follows from a piece of the answer. */
export interface BodyStep {
  /** May go to the client now. */
  readonly pass: Buffer | null
  readonly end: BodyEnd | null
  /** What follows when somebody has decided. */
  readonly later?: Promise<BodyStep>
}

export type BodyEnd =
  /** The answer is complete with these last bytes, which must wait for the end of the record. */
  | { readonly complete: true; readonly last: Buffer | null; readonly ending: Ending }
  /** It will never be. */
  | { readonly complete: false; readonly refusal: Refusal; readonly ending: Ending }

/**
 * One way in which an answer ends. Each of them gives out bytes as early as it can, but never those that would make the
 * answer complete.
 */
export interface AnswerBody {
  push(chunk: Buffer): BodyStep
  /** The provider has sent everything that it announced. */
  finish(): BodyEnd | Promise<BodyEnd>
  /** What was pushed and not given out; for the record of an answer that broke off. */
  rest(): Buffer
  /** Whether an error can still be said in it after bytes have been given out. */
  readonly takesError: boolean
  /** Set where it puts what it takes on record by itself, before it gives it out. */
  readonly notesItself?: true
  /** How it will end because a policy said no, although the provider is still speaking. */
  readonly denied?: BodyEnd | null
  /** Whether it is at its end, and only a policy has not decided. */
  readonly isEnding?: boolean
  /** Whether a policy keeps the client waiting. */
  readonly isHolding?: boolean
  /** Where a policy looks at it: takes what comes behind its end, and gives out what of that may pass. */
  readonly behind?: { take(chunk: Buffer): void; passing(): Buffer | null }
  /** How its bytes are recorded, where that is not as they came. */
  readonly framed?: FramedStreams
}

export function answerBody(parts: {
  readonly status: number
  readonly head: AnswerHeaders
  readonly wire: WireFormat
  readonly mask: Mask
  readonly limits: Limits
}): AnswerBody {
  if (parts.status >= 400) return errorBody(parts)
  const { framed } = parts.wire
  if (!isType(parts.head, framed?.contentType ?? 'text/event-stream')) return wholeBody(parts)
  return framed === undefined ? eventsBody(parts) : { ...eventsBody(parts), framed }
}

type Parts = Parameters<typeof answerBody>[0]

/** A stream ends with its terminal event; whole events before it pass. */
function eventsBody({ wire, mask, limits }: Parts): AnswerBody {
  const watcher = wire.watchTerminal(limits.eventBytes)
  // Frames have checksums: what is hidden in one would break it.
  const shown = (events: Buffer | null): Buffer | null =>
    events === null || wire.framed !== undefined ? events : mask.bytes(events)
  return {
    takesError: true,
    push(chunk) {
      const { events, terminal, error, tooLong } = watcher.push(chunk)
      if (tooLong) {
        const message = 'The provider sent an event that is larger than any event may be.'
        return { pass: null, end: spoiled('event_too_large', message) }
      }
      if (terminal === null) return { pass: shown(events), end: null }
      const ending: Ending =
        error === null
          ? { outcome: 'ok' }
          : { outcome: 'upstream_error', errorType: error.type, errorMessage: mask.text(error.message) }
      return { pass: shown(events), end: { complete: true, last: mask.bytes(terminal), ending } }
    },
    finish: () =>
      watcher.whole()
        ? { complete: true, last: lastOf(watcher.rest()), ending: { outcome: 'ok' } }
        : brokenOff('The provider ended the stream before the answer was complete.'),
    rest: () => watcher.rest(),
  }
}

/** Anything else that is no error ends with its last byte: the latest piece is held back until it is known not to be it. */
function wholeBody({ head, mask }: Parts): AnswerBody {
  let latest: Buffer | null = null
  return {
    takesError: false,
    push(chunk) {
      const pieces = latest === null ? null : mask.across(latest, mask.bytes(chunk))
      latest = pieces?.[1] ?? mask.bytes(chunk)
      return { pass: pieces?.[0] ?? null, end: null }
    },
    finish() {
      if (head.endsWithConnection && isType(head, 'application/json') && !looksComplete(latest)) {
        return brokenOff('The provider closed the connection before the answer was complete.')
      }
      return { complete: true, last: latest, ending: { outcome: 'ok' } }
    },
    rest: () => latest ?? nothing,
  }
}

/** An answer with an error status is kept until it is all there, to be understood and to have credentials masked. */
function errorBody({ wire, mask, limits }: Parts): AnswerBody {
  let held: Buffer[] = []
  let size = 0
  const all = (): Buffer => mask.bytes(Buffer.concat(held))
  return {
    takesError: false,
    push(chunk) {
      held.push(chunk)
      size += chunk.length
      if (size <= limits.errorBytes) return { pass: null, end: null }
      held = []
      const message = 'The provider answered with an error that is too long to be passed on.'
      return { pass: null, end: spoiled('error_too_large', message) }
    },
    finish() {
      const last = all()
      const error = wire.readError(last)
      return {
        complete: true,
        last,
        ending: { outcome: 'upstream_error', errorType: error.type, errorMessage: error.message },
      }
    },
    rest: all,
  }
}

const nothing = Buffer.alloc(0)
const lastOf = (rest: Buffer): Buffer | null => (rest.length === 0 ? null : rest)

export function brokenOff(message: string): BodyEnd & { readonly complete: false } {
  return {
    complete: false,
    refusal: { reason: 'upstream_failed', message },
    ending: { outcome: 'upstream_aborted', errorType: 'upstream_aborted', errorMessage: message },
  }
}

/** The provider did answer, and what it answered is not passed on. */
export function spoiled(errorType: string, message: string): BodyEnd & { readonly complete: false } {
  return {
    complete: false,
    refusal: { reason: 'upstream_failed', message },
    ending: { outcome: 'upstream_error', errorType, errorMessage: message },
  }
}

/** Compressed bytes are of no type that anything here could read. */
function isType({ compressed, contentType }: AnswerHeaders, type: string): boolean {
  return !compressed && contentType?.split(';')[0]?.trim().toLowerCase() === type
}

/**
 * Whether JSON without any length could be all there: a provider that dies in the middle nearly always leaves something
 * else behind than a closing bracket.
 */
function looksComplete(last: Buffer | null): boolean {
  return last !== null && /[}\]]\s*$/.test(last.toString('latin1', Math.max(0, last.length - 64)))
}
