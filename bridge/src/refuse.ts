import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.ts'
import type { RecordedOutcome } from './recorder.ts'
import type { Refusal, WireAnswer } from './wire/wire-format.ts'

/** How long the rest of a body that nobody wants is read, so that the client can take the answer before the end. */
const lingerMs = 2_000

/** Writes an answer of our own and resolves when the client has it or has gone. */
export function writeAnswer(
  { req, res, ownHeaders }: Pick<Exchange, 'req' | 'res' | 'ownHeaders'>,
  answer: WireAnswer,
  interceptionId: string | null,
): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed || res.writableEnded) return resolve()
    res.once('close', resolve).on('error', () => {})
    res.writeHead(answer.status, [...ownHeaders, ...answer.headers, ...interceptionHeader(interceptionId)])
    res.end(req.method === 'HEAD' ? undefined : answer.body)
    if (!req.complete) lingerBeforeClosing(req)
  })
}

export function interceptionHeader(interceptionId: string | null): readonly string[] {
  return interceptionId === null ? [] : ['x-reeve-interception-id', interceptionId]
}

/**
 * Closing a connection while the client still writes makes its kernel throw the answer away, so the rest of the body is
 * read and dropped for a moment; then the connection ends, whether the body did or not.
 */
function lingerBeforeClosing(req: IncomingMessage): void {
  req.resume()
  const timer = setTimeout(() => req.socket.destroy(), lingerMs)
  req.once('end', () => clearTimeout(timer))
  req.once('close', () => clearTimeout(timer))
}

/** How the record of a request ends that was refused. */
export function outcomeOf(refusal: Refusal | null): RecordedOutcome & ('denied' | 'refused') {
  return refusal?.reason === 'denied' ? 'denied' : 'refused'
}

export function errorTypeOf(refusal: Refusal | null): string | null {
  return refusal?.reason === 'denied' ? 'policy_denied' : (refusal?.reason ?? null)
}
