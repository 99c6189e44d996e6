import type { ServerResponse } from 'node:http'
import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import type { EndFacts, StartFacts } from '@reeve/bridge'
import type { Actor } from '../access/actor.ts'
import { freshMs, patienceMs } from '../identity/tokens/authenticate.ts'

interface Open {
  readonly apiKeyId: string
  /** Each answer, with the organization that it is recorded for. */
  readonly responses: Map<ServerResponse, Uuid>
}

export interface OpenStreams extends Disposable {
  add(token: string, actor: Pick<Actor, 'apiKeyId'>, organizationId: Uuid, response: ServerResponse): void
  /** Why a stream ended that looks as if the client had gone. */
  amend(start: StartFacts, end: EndFacts): EndFacts
}

/**
 * How long after its credential stopped being good a stream may go on, also when nobody hears of the change, as long as
 * the database answers: the authenticator's memory, then the wait for the next check, then the wait for its answer.
 */
export const cutWithinMs = 5_000
const checkMs = cutWithinMs - freshMs - patienceMs
/** A cut stream is still listened to for a while at the provider's side; its end comes within this. */
const rememberedMs = 10 * 60_000

/**
 * Cuts the answers that are under way when their credential stops being good, or its owner leaves the organization. Asks every second for each token with an
 * open stream; the authenticator answers from its memory, which is short, and forgets when it is told of a change.
 */
export function watchOpenStreams(options: {
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly mayCallModels: (actor: Actor) => boolean
  readonly clock: Clock
  readonly log: Log
}): OpenStreams {
  const { authenticate, mayCallModels, clock, log } = options
  const open = new Map<string, Open>()
  const cut = new Map<string, number>()

  async function check(token: string, { apiKeyId, responses }: Open): Promise<void> {
    const actor = await authenticate(token)
    const isGood = actor !== null && mayCallModels(actor)
    const ended = [...responses].filter(
      ([, organizationId]) => !(isGood && actor.organizationIds.includes(organizationId)),
    )
    if (ended.length === 0) return
    for (const [id, at] of cut) if (clock.monotonicMs() - at > rememberedMs) cut.delete(id)
    cut.set(apiKeyId, clock.monotonicMs())
    log.warn({ apiKeyId, streams: ended.length }, 'streams were cut: their credential is no longer good')
    for (const [response] of ended) response.destroy()
  }

  const timer = setInterval(() => {
    for (const [token, entry] of open) {
      // Nobody knows at the moment: whoever was let in stays, and the next second asks again.
      check(token, entry).catch((thrown: unknown) =>
        log.debug({ err: toError(thrown) }, 'a credential cannot be checked'),
      )
    }
  }, checkMs)
  timer.unref()

  return {
    add(token, { apiKeyId }, organizationId, response) {
      const entry = open.get(token) ?? { apiKeyId, responses: new Map() }
      open.set(token, entry)
      entry.responses.set(response, organizationId)
      response.once('close', () => {
        entry.responses.delete(response)
        if (entry.responses.size === 0 && open.get(token) === entry) open.delete(token)
      })
    },
    amend(start, end) {
      const at = cut.get(start.actor.apiKeyId)
      if (at === undefined || end.outcome !== 'client_disconnected') return end
      return {
        ...end,
        outcome: 'interrupted',
        errorType: 'credential_revoked',
        errorMessage: 'The credential stopped being good while the answer was on its way, so the stream was cut.',
      }
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}
