import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, type Log, toError, uuidv7 } from '@reeve/base'
import type { StoredObjects, StoredUse } from '@reeve/bridge'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import { foreignObject } from './events.ts'

export interface StoredObjectsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly counted: (providerName: string, what: 'other_user' | 'unknown' | 'unanswered') => void
}

interface Row {
  readonly provider_name: string
  readonly object_id: string
  readonly user_id: string
  readonly organization_id: string
  readonly interception_id: string
  readonly created_at: Date
}

/** Ids are short words of the provider's making. Nothing else is looked for. */
const plainId = /^[\x21-\x7e]{1,256}$/
const rememberedMax = 100_000
const unwrittenMax = 100_000
const rowsAtOnce = 500
/** An answer waits so long for PostgreSQL to know whose it is; after that this process knows, and writes it later. */
const noteMs = 1_000
const againMs = 1_000
const lookMs = 3_000
/** What another replica is about to write is waited for: a client may use an id of a stream at once. */
const lookAgainMs = [25, 75, 200] as const
const quietMs = 60_000

/**
 * Whose the objects are that providers keep. Written before the answer is complete for the client. While PostgreSQL does
 * not answer, this process knows what was made through it and writes that when PostgreSQL is back; what was made through
 * another is refused until then. Should this process die meanwhile, responses are found by what the journal brings into
 * the record of interceptions.
 */
export function createStoredObjects({
  db,
  clock,
  log,
  counted,
}: StoredObjectsOptions): StoredObjects & AsyncDisposable {
  const remembered = new Map<string, string>()
  const unwritten = new Map<string, Row>()
  const noted = new Map<string, number>()
  const stopped = new AbortController()
  let writing: Promise<boolean> | null = null
  let failedMs = -Infinity

  /** Writes all that is not written yet, and tells whether that went well. One at a time; who comes meanwhile is next. */
  async function write(): Promise<boolean> {
    while (unwritten.size > 0) {
      const rows = new Map([...unwritten].slice(0, rowsAtOnce))
      try {
        const inserted = await insertRows(db, [...rows.values()])
        // What another replica wrote before is not ours, whatever the provider answered here.
        for (const name of rows.keys()) if (!inserted.has(name)) remembered.delete(name)
      } catch (thrown) {
        if (clock.monotonicMs() - failedMs > quietMs) {
          log.warn(
            { err: toError(thrown), unwritten: unwritten.size },
            'whose stored objects are cannot be written yet',
          )
        }
        failedMs = clock.monotonicMs()
        return false
      }
      failedMs = -Infinity
      for (const name of rows.keys()) unwritten.delete(name)
    }
    return true
  }
  const flush = (): Promise<boolean> => (writing ??= write().finally(() => (writing = null)))
  const written = async (names: readonly string[]): Promise<boolean> => {
    while (names.some((name) => unwritten.has(name))) if (!(await flush())) return false
    return true
  }
  const retry = setInterval(() => {
    if (unwritten.size > 0) void flush()
  }, againMs)
  retry.unref()

  async function ownersOf(providerName: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = await findOwners(db, providerName, ids)
    return new Map(found.map((row) => [row.object_id, row.user_id]))
  }

  async function verdict(use: StoredUse, ids: readonly string[]): Promise<'own' | 'not_own' | 'unanswered'> {
    const { providerName, actor } = use
    const asked = ids.filter((id) => remembered.get(nameOf(providerName, id)) !== actor.userId)
    if (asked.length === 0) return 'own'
    let foreign = asked
    let owners: ReadonlyMap<string, string> = new Map()
    if (asked.every((id) => plainId.test(id))) {
      try {
        // Somebody else's is looked for as often as what nobody has: time must not tell the two apart.
        for (const delayMs of [...lookAgainMs, 0]) {
          owners = await within(lookMs, ownersOf(providerName, asked))
          foreign = asked.filter((id) => owners.get(id) !== actor.userId)
          if (foreign.length === 0) return 'own'
          if (delayMs > 0) await pause(delayMs, undefined, { signal: stopped.signal })
        }
      } catch (thrown) {
        if (!stopped.signal.aborted) log.warn({ err: toError(thrown) }, 'whose a stored object is cannot be looked up')
        counted(providerName, 'unanswered')
        return 'unanswered'
      }
    }
    const others = foreign.find((id) => owners.has(id))
    counted(providerName, others === undefined ? 'unknown' : 'other_user')
    await tell(use, others ?? foreign[0] ?? '', others === undefined ? 'unknown' : 'other_user')
    return 'not_own'
  }

  /**
   * Into the log and, when the object is another's, into the audit log: once a minute for a person and an object. Never
   * throws: the refusal is on record in any case.
   */
  async function tell(use: StoredUse, id: string, reason: 'other_user' | 'unknown'): Promise<void> {
    const { providerName, actor, interceptionId, sourceIp, userAgent } = use
    const now = clock.monotonicMs()
    const name = `${actor.userId} ${reason} ${reason === 'unknown' ? '' : nameOf(providerName, id)}`
    if (now - (noted.get(name) ?? -Infinity) < quietMs) return
    if (noted.size >= 10_000) noted.clear()
    noted.set(name, now)
    log.warn({ providerName, userId: actor.userId, interceptionId, reason }, 'a stored object was not given out')
    if (reason === 'unknown') return
    try {
      const at = clock.now()
      const scope = { actor: idsOf(actor), requestId: uuidv7(at), sourceIp, userAgent }
      const { organizationId } = actor
      const event = foreignObject(scope, at, { providerName, objectId: id, organizationId, interceptionId })
      await db.transaction((tx) => appendAudit(tx, event))
    } catch (thrown) {
      log.warn(
        { err: toError(thrown), interceptionId },
        'a refused stored object could not be written to the audit log',
      )
    }
  }

  return {
    verdict,
    async note({ providerName, actor, interceptionId }, ids) {
      const names: string[] = []
      for (const id of ids) {
        const name = nameOf(providerName, id)
        // Whoever made it first has it: no provider gives an id twice.
        if (!plainId.test(id) || remembered.has(name)) continue
        remember(remembered, name, actor.userId)
        if (unwritten.size >= unwrittenMax) continue
        names.push(name)
        unwritten.set(name, {
          provider_name: providerName,
          object_id: id,
          user_id: actor.userId,
          organization_id: actor.organizationId,
          interception_id: interceptionId,
          created_at: clock.now(),
        })
      }
      // Nobody waits for a database that has just failed to answer.
      if (names.length === 0 || clock.monotonicMs() - failedMs < againMs) return
      if (!(await within(noteMs, written(names)).catch(() => false))) failedMs = clock.monotonicMs()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(retry)
      stopped.abort()
      if (unwritten.size > 0) await flush()
    },
  }
}

/** Rejects when it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const enough = new AbortController()
  const late = pause(ms, undefined, { signal: enough.signal }).then(() => {
    throw new Error('the database did not answer in time')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    late.catch(() => {})
    enough.abort()
  }
}

const nameOf = (providerName: string, id: string): string => `${providerName} ${id}`
const idsOf = ({ userId, apiKeyId }: StoredUse['actor']): Pick<Actor, 'userId' | 'apiKeyId'> => ({ userId, apiKeyId })

function remember(names: Map<string, string>, name: string, userId: string): void {
  if (names.size >= rememberedMax)
    for (const oldest of [...names.keys()].slice(0, rememberedMax / 10)) names.delete(oldest)
  names.set(name, userId)
}

/** In one order by all replicas, so that none waits for another in a circle. Resolves with the names of those that are new. */
async function insertRows({ sql: db }: Database, rows: readonly Row[]): Promise<ReadonlySet<string>> {
  const sorted = rows.toSorted((a, b) =>
    nameOf(a.provider_name, a.object_id) < nameOf(b.provider_name, b.object_id) ? -1 : 1,
  )
  const inserted = await db
    .insertInto('stored_objects')
    .values(sorted)
    .onConflict((conflict) => conflict.doNothing())
    .returning(['provider_name', 'object_id'])
    .execute()
  return new Set(inserted.map((row) => nameOf(row.provider_name, row.object_id)))
}

interface OwnerRow {
  readonly object_id: string
  readonly user_id: string
}

async function findOwners({ sql: db }: Database, providerName: string, ids: readonly string[]): Promise<OwnerRow[]> {
  const { rows } = await sql<OwnerRow>`
    select wanted.id as object_id, coalesce(o.user_id, made.user_id) as user_id
    from unnest(${ids}::text[]) as wanted (id)
    left join stored_objects o on o.provider_name = ${providerName} and o.object_id = wanted.id
    left join lateral (
      select i.user_id from interceptions i
      where o.object_id is null and i.provider_response_id = wanted.id and i.provider_response_id is not null
        and i.route = 'responses' and i.provider_name = ${providerName}
      order by i.id limit 1) as made on true
    where coalesce(o.user_id, made.user_id) is not null`.execute(db)
  return rows
}
