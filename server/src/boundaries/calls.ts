import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Clock, isUuid, type Log, toError, type Uuid } from '@reeve/base'
import type { BoundaryCall } from '@reeve/bridge'
import type { Actor } from '../access/actor.ts'
import type { Database } from '../db/database.ts'
import { reread } from '../db/reread.ts'
import { lostAfterMs } from './lifecycle.ts'

/**
 * Which boundary a request to the gateway came out of. The boundary signs what it sends there; whoever knows neither its
 * key nor the token of its owner cannot speak for it. What names a boundary and does not hold, for its signature, its
 * time, its person, or because it came before, is told as not verified. What came before is known to each gateway
 * process for itself, and for as long as a signature counts.
 */
export interface BoundaryCalls extends AsyncDisposable {
  /** Null where the request names no boundary. `path` is without the query. */
  read(req: IncomingMessage, path: string, actor: Pick<Actor, 'userId'>): Promise<Origin | null>
  /** Whether members of an organization may ask models only from behind a boundary that runs. */
  isRequired(organizationId: Uuid): boolean
}

export interface Origin {
  /** As it is recorded. */
  readonly call: BoundaryCall
  /**
   * The workspace of the boundary that signed the request, whosever boundary it is and whoever asks. Null where nothing
   * is proven, and where it is not known: a boundary that its user started with a token of his own may run anywhere.
   */
  readonly workspaceId: Uuid | null
}

interface Known {
  readonly userId: Uuid
  readonly workspaceId: Uuid | null
  readonly key: KeyObject
  readonly isLive: boolean
  readonly readAtMs: number
  /** Numbers that came within the time in which a signature counts, with when. */
  readonly seen: Map<number, number>
}

const skewMs = 5 * 60_000
/** A session that ended is not believed for longer than this. */
const freshMs = 5_000
const knownMax = 10_000
const seenMax = 10_000

export async function openBoundaryCalls(options: {
  readonly db: Database
  /** Under which boundaries know the deployment, beside what a request itself says. */
  readonly accessUrl: string | null
  readonly clock: Clock
  readonly log: Log
}): Promise<BoundaryCalls> {
  const { db, accessUrl, clock, log } = options
  const sessions = new Map<Uuid, Known | null>()
  let required: ReadonlySet<Uuid> = new Set()
  const read = async (): Promise<void> => {
    const rows = await db.sql.selectFrom('organizations').select('id').where('require_boundary', '=', true).execute()
    required = new Set(rows.map(({ id }) => id))
  }
  const what = 'which organizations require a boundary'
  const reading = await reread({ connection: db.connection, channel: 'reeve_boundaries', read, what, log })
  const ownHost = accessUrl === null ? null : new URL(accessUrl).hostname

  async function find(id: Uuid): Promise<Known | null> {
    const before = sessions.get(id)
    const nowMs = clock.now().getTime()
    if (before != null && nowMs - before.readAtMs < freshMs) return before
    try {
      const known = await look(id, before?.seen ?? new Map(), nowMs)
      sessions.delete(id)
      sessions.set(id, known)
      if (sessions.size > knownMax) sessions.delete(sessions.keys().next().value ?? '')
      return known
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'a boundary cannot be looked up')
      return before ?? null
    }
  }

  async function look(id: Uuid, seen: Map<number, number>, nowMs: number): Promise<Known | null> {
    const row = await db.sql
      .selectFrom('boundary_sessions')
      .select(['user_id', 'workspace_id', 'public_key', 'ended_at', 'last_seen_at'])
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) return null
    const key = { kty: 'OKP', crv: 'Ed25519', x: row.public_key.toString('base64url') }
    return {
      userId: row.user_id,
      workspaceId: row.workspace_id,
      key: createPublicKey({ format: 'jwk', key }),
      isLive: row.ended_at === null && nowMs - row.last_seen_at.getTime() <= lostAfterMs,
      readAtMs: nowMs,
      seen,
    }
  }

  /** The session that runs and signed this, and did so for the first time. */
  async function signerOf(said: Said, req: IncomingMessage, path: string): Promise<Known | null> {
    const nowMs = clock.now().getTime()
    if (!(Math.abs(nowMs - said.time) <= skewMs)) return null
    const known = await find(said.session)
    if (known === null || !known.isLive) return null
    const hosts = [hostOf(req), ownHost].filter((host) => host !== null)
    const signed = (host: string) =>
      Buffer.from([said.session, said.seq, said.time, req.method ?? '', host, path].join('\n'))
    if (!hosts.some((host) => verify(null, signed(host), known.key, said.signature))) return null
    return isFirst(known.seen, said.seq, nowMs) ? known : null
  }

  return {
    async read(req, path, { userId }) {
      const said = saidBy(req)
      if (said === null) return null
      const { session: sessionId, seq } = said
      const signer = await signerOf(said, req, path)
      const call = { sessionId, seq, verified: signer?.userId === userId }
      return { call, workspaceId: signer?.workspaceId ?? null }
    },
    isRequired: (organizationId) => required.has(organizationId),
    [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose](),
  }
}

interface Said {
  readonly session: Uuid
  readonly seq: number
  /** Unix milliseconds; not a number where it is none. */
  readonly time: number
  readonly signature: Buffer
}

/** Null where no boundary is named in a way that could be kept. */
function saidBy(req: IncomingMessage): Said | null {
  if (req.headers['x-reeve-boundary-session'] === undefined) return null
  const headers = req.headersDistinct
  const one = (name: string): string => {
    const values = headers[`x-reeve-boundary-${name}`] ?? []
    return values.length === 1 ? (values[0] ?? '') : ''
  }
  const session = one('session').toLowerCase()
  const seq = /^\d{1,15}$/.test(one('sequence')) ? Number(one('sequence')) : null
  if (!isUuid(session) || seq === null) return null
  const time = /^\d{1,15}$/.test(one('time')) ? Number(one('time')) : Number.NaN
  return { session, seq, time, signature: Buffer.from(one('signature').slice(0, 128), 'base64url') }
}

function hostOf({ headers: { host } }: IncomingMessage): string | null {
  const url = host === undefined ? null : URL.parse(`http://${host}`)
  return url === null ? null : url.hostname.replace(/^\[|\]$/g, '')
}

function isFirst(seen: Map<number, number>, seq: number, nowMs: number): boolean {
  for (const [old, atMs] of seen) {
    // The oldest come first. So long after, its time gives a repetition away.
    if (nowMs - atMs <= 2 * skewMs && seen.size <= seenMax) break
    seen.delete(old)
  }
  if (seen.has(seq)) return false
  seen.set(seq, nowMs)
  return true
}
