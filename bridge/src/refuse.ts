import { endAnswer } from '@reeve/base'
import type { Exchange } from './exchange.ts'
import type { RecordedOutcome } from './recorder.ts'
import type { Refusal, WireAnswer } from './wire/wire-format.ts'

/** Writes an answer of our own, which says its length, and resolves when the client has it or has gone. */
export function writeAnswer(
  { req, res, ownHeaders }: Pick<Exchange, 'req' | 'res' | 'ownHeaders'>,
  answer: WireAnswer,
  interceptionId: string | null,
): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed || res.writableEnded) return resolve()
    res.once('close', resolve).on('error', () => {})
    res.writeHead(answer.status, [...ownHeaders, ...answer.headers, ...interceptionHeader(interceptionId)])
    endAnswer(req, res, answer.body)
  })
}

export function interceptionHeader(interceptionId: string | null): readonly string[] {
  return interceptionId === null ? [] : ['x-reeve-interception-id', interceptionId]
}

/** How the record of a request ends that was refused. */
export function outcomeOf(refusal: Refusal | null): RecordedOutcome & ('denied' | 'refused') {
  return refusal?.reason === 'denied' ? 'denied' : 'refused'
}

export function errorTypeOf(refusal: Refusal | null): string | null {
  return refusal?.reason === 'denied' ? 'policy_denied' : (refusal?.reason ?? null)
}
