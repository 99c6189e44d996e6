import { createHash } from 'node:crypto'
import type { Tokens } from './turn.ts'

/** Where a client asks: one of the gateways. */
export interface Endpoint {
  readonly url: string
  readonly token: string
  readonly gateway: number
}

/** How many clients give up, and how many answers the provider breaks off. */
export const shares = { hangUp: 0.1, providerBreaks: 0.03, wholeAnswer: 0.15 } as const

/** What both sides of the gateway know about one request: the truth that the record is held against. */
export interface Truth {
  readonly format: string
  readonly requestSha256: string
  readonly streaming: boolean
  readonly answerSha256: string
  /** Of the answer in the form in which it is recorded. */
  readonly keptSha256: string
  /** Which gateway the client asked. */
  readonly through: number
  /** The provider received it. */
  providerSaw: boolean
  /** The provider handed over its whole answer, or broke it off on purpose. */
  providerSent: 'nothing' | 'part' | 'all' | 'broke off'
  /** The provider's own tally: every count of tokens that it has stated in this answer, in order. */
  readonly stated: Tokens[]
  /** What the client has: a complete answer, a part that it gave up on purpose, or less than it wanted. */
  client: 'waiting' | 'complete' | 'hung up' | 'lost'
}

/** Every request of a run, by the hash of its bytes, which are never the same twice. */
export type Truths = Map<string, Truth>

export function newTruth(
  truths: Truths,
  facts: Pick<Truth, 'format' | 'streaming' | 'answerSha256' | 'keptSha256' | 'through'>,
  request: string,
): Truth {
  const truth: Truth = {
    ...facts,
    requestSha256: sha256(request),
    providerSaw: false,
    providerSent: 'nothing',
    stated: [],
    client: 'waiting',
  }
  truths.set(truth.requestSha256, truth)
  return truth
}

/** Answers that were on their way through this gateway, by format: what a crash of it at this moment hits. */
export function underWay(truths: Truths, through: number): string[] {
  return [...truths.values()]
    .filter((truth) => truth.through === through && truth.client === 'waiting' && truth.providerSent === 'part')
    .map(({ format }) => format)
}

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
