import { type Clock, type Log, toError, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import { readToken } from '../identity/tokens/token.ts'
import { gatewayRefused } from './events.ts'
import { findKeyName } from './queries.ts'

export interface RefusedAttempt {
  readonly reason: string
  readonly token: string | null
  readonly sourceIp: string | null
  readonly userAgent: string | null
  /** Of the boundary that is proven to have sent it. */
  readonly boundarySessionId?: Uuid | null
}

const quietMs = 60_000
const rememberedMax = 10_000

/**
 * Logs who was turned away, and puts it into the audit log when the token names a key that there is: somebody may be
 * using what was revoked or leaked. Each only once a minute for an address, a reason and a key, so that a storm of bad
 * requests writes a line and not a flood. Never throws: the refusal stands whether or not it could be noted.
 */
export function createRefusedAttempts({ db, clock, log }: { db: Database; clock: Clock; log: Log }): {
  note(attempt: RefusedAttempt): Promise<void>
} {
  const noted = new Map<string, number>()
  return {
    async note({ reason, token, sourceIp, userAgent, boundarySessionId = null }) {
      const keyId = token === null ? null : (readToken(token)?.id ?? null)
      const now = clock.monotonicMs()
      const name = `${sourceIp ?? ''} ${reason} ${keyId ?? ''}`
      if (now - (noted.get(name) ?? -Infinity) < quietMs) return
      if (noted.size >= rememberedMax) noted.clear()
      noted.set(name, now)
      log.warn({ reason, sourceIp, keyId }, 'a request to the bridge was turned away')
      if (keyId === null) return
      try {
        const key = await findKeyName(db.sql, keyId)
        if (key === null) return
        const at = clock.now()
        const scope = { actor: null, requestId: uuidv7(at), sourceIp, userAgent }
        const refused = gatewayRefused(scope, at, { keyId, keyName: key, reason, boundarySessionId })
        await db.transaction((tx) => appendAudit(tx, refused))
      } catch (thrown) {
        log.warn({ err: toError(thrown), keyId }, 'a refused attempt could not be written to the audit log')
      }
    },
  }
}
