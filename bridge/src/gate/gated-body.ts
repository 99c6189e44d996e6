import type { Clock } from '@reeve/base'
import { type AnswerBody, type BodyEnd, type BodyStep } from '../answer-body.ts'
import type { AnswerHeaders } from '../headers.ts'
import type { Limits } from '../limits.ts'
import type { Denial } from '../policy.ts'
import type { ToolCallFormat } from '../wire/tool-calls.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { Hold, type Released, unreadable } from './hold.ts'
import { whenKnown } from './when-known.ts'

export interface GatedParts {
  readonly head: AnswerHeaders
  readonly toolCalls: ToolCallFormat
  readonly keeper: Gatekeeper
  readonly limits: Limits
  readonly clock: Clock
  /** Puts bytes on record, as they come: what is held or denied is on record too. */
  readonly note: (bytes: Buffer) => void
}

/** How the record of an answer ends of which the client did not get a tool call. */
export const deniedEnd = ({ message }: Denial): BodyEnd & { readonly complete: false } => ({
  complete: false,
  refusal: { reason: 'denied', message },
  ending: { outcome: 'denied', errorType: 'policy_denied', errorMessage: message },
})

/** An answer whose tool calls somebody looks at before the client has them. */
export function gatedBody(body: AnswerBody, parts: GatedParts): AnswerBody {
  if (parts.head.compressed) return closedBody(body, parts)
  return body.takesError ? gatedStream(body, parts) : gatedWhole(body, parts)
}

/** What cannot be read is not passed on, whatever it is. */
function closedBody(body: AnswerBody, { keeper, clock, note }: GatedParts): AnswerBody {
  let denial: Denial | null = null
  const denied = (): Denial => (denial ??= keeper.deny(unreadable, clock.monotonicMs()))
  return {
    ...body,
    notesItself: true,
    push(chunk) {
      note(chunk)
      return { pass: null, end: deniedEnd(denied()) }
    },
    finish: () => deniedEnd(denied()),
    rest: () => nothing,
  }
}

/**
 * In a stream, what belongs to no tool call passes at once. After a no the provider is still listened to for a moment, so
 * that what it used is known.
 */
function gatedStream(body: AnswerBody, { toolCalls, keeper, limits, clock, note }: GatedParts): AnswerBody {
  const hold = new Hold({ format: toolCalls, keeper, limits, clock })
  const denied = (): BodyEnd | null => (hold.denial === null ? null : deniedEnd(hold.denial))
  let isEnding = false
  const finishing = (end: BodyEnd): BodyEnd | Promise<BodyEnd> => {
    isEnding = true
    if (!end.complete) return denied() ?? end
    if (end.last !== null) note(end.last)
    const taken = end.last === null ? [] : known(hold.take(end.last))
    const ended = known(hold.end())
    return whenKnown(taken, (first) =>
      whenKnown(ended, (rest) => denied() ?? { ...end, last: joined([...first, ...rest]) }),
    )
  }
  const behind = behindOf(limits, (bytes) => hold.passesBehind(bytes))
  return {
    takesError: true,
    notesItself: true,
    ...(body.framed !== undefined && { framed: body.framed }),
    get denied() {
      return denied()
    },
    get isHolding() {
      return hold.isHolding
    },
    push(chunk) {
      if (isEnding) {
        note(chunk)
        behind.take(chunk)
        return { pass: null, end: null }
      }
      const step = body.push(chunk)
      if (step.pass !== null) note(step.pass)
      const { now, later } = step.pass === null ? { now: [], later: null } : hold.take(step.pass)
      const pass = joined(now)
      const ended = step.end === null ? null : finishing(step.end)
      if (later === null && !(ended instanceof Promise)) return { pass, end: ended }
      const rest = whenKnown(later ?? [], (pieces) =>
        whenKnown(ended, (end): BodyStep => ({ pass: joined(pieces), end })),
      )
      return { pass, end: null, later: Promise.resolve(rest) }
    },
    finish() {
      const end = body.finish()
      if (end instanceof Promise) throw new TypeError('a body is gated once')
      return finishing(end)
    },
    get isEnding() {
      return isEnding
    },
    rest: () => (isEnding ? nothing : body.rest()),
    behind,
  }
}

/** What comes behind the end of a stream is looked at when it is all there. What is too much for that stays back. */
function behindOf(limits: Limits, passes: (bytes: Buffer) => boolean): NonNullable<AnswerBody['behind']> {
  let bytes = nothing
  return {
    take(chunk) {
      if (bytes.length <= limits.eventBytes) bytes = Buffer.concat([bytes, chunk])
    },
    passing: () => (bytes.length > 0 && bytes.length <= limits.eventBytes && passes(bytes) ? bytes : null),
  }
}

/** In one piece nothing passes before all of it was looked at. */
function gatedWhole(body: AnswerBody, { toolCalls, keeper, limits, clock, note }: GatedParts): AnswerBody {
  const sinceMs = clock.monotonicMs()
  let held: Buffer[] = []
  let size = 0
  return {
    takesError: false,
    notesItself: true,
    push(chunk) {
      note(chunk)
      held.push(chunk)
      size += chunk.length
      if (size <= limits.heldWholeBytes) return { pass: null, end: null }
      held = []
      return { pass: null, end: deniedEnd(keeper.deny(unreadable, sinceMs)) }
    },
    finish() {
      const all = Buffer.concat(held)
      body.push(all)
      const end = body.finish()
      if (end instanceof Promise || !end.complete) return end
      const calls = size === 0 ? [] : toolCalls.readWhole(all)
      if (calls === null) return deniedEnd(keeper.deny(unreadable, sinceMs))
      return whenKnown(keeper.decide(calls, sinceMs), (denial) =>
        denial === null ? { ...end, last: all } : deniedEnd(denial),
      )
    },
    rest: () => nothing,
    behind: behindOf(limits, () => false),
  }
}

const nothing: Buffer = Buffer.alloc(0)

const known = ({ now, later }: Released): readonly Buffer[] | Promise<readonly Buffer[]> =>
  later === null ? now : later.then((pieces) => [...now, ...pieces])

function joined(pieces: readonly Buffer[]): Buffer | null {
  if (pieces.length < 2) return pieces[0] ?? null
  return Buffer.concat(pieces)
}
