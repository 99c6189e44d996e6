import { endpoints, type LegalHold, type LegalHoldCoverage } from '@reeve/sdk'
import { Fault, parseDuration } from '@reeve/base'
import type { Context } from '../context.ts'
import { readInstant } from '../instants.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

const columns: readonly Column<LegalHold>[] = [
  idColumn<LegalHold>(),
  { name: 'user', value: (row) => row.user?.username ?? null, priority: 0 },
  { name: 'session', value: (row) => row.session_id, priority: 2 },
  instantColumn('from', (row) => row.from, 1),
  instantColumn('to', (row) => row.to, 1),
  { name: 'reason', value: (row) => row.reason, priority: 0, elastic: true },
  instantColumn('created', (row) => row.created_at, 3),
  { name: 'by', value: (row) => row.created_by?.username ?? null, priority: 3 },
  instantColumn('released', (row) => row.released_at, 1),
  { name: 'release_reason', value: (row) => row.release_reason, priority: 4, elastic: true },
]

export async function listHolds(context: Context): Promise<Answer> {
  const client = await context.client()
  const { holds } = await client.call(endpoints.listLegalHolds, { signal: context.io.signal })
  return table(holds, columns, (row) => row.id, 'no legal holds')
}

const covered: readonly Column<Pick<LegalHoldCoverage, 'covers'>>[] = [
  { name: 'requests', value: (row) => row.covers.interceptions, priority: 0 },
  { name: 'sessions', value: (row) => row.covers.sessions, priority: 0 },
  { name: 'audit_events', value: (row) => row.covers.audit_events, priority: 0 },
]
const coverage: readonly Column<LegalHoldCoverage>[] = [...columns, ...covered]

export async function showHold(context: Context, input: { readonly hold: string }): Promise<Answer> {
  const client = await context.client()
  const hold = await client.call(endpoints.getLegalHold, { params: { id: input.hold }, signal: context.io.signal })
  return one(hold, coverage, (row) => row.id)
}

interface CreateInput {
  readonly user: string | undefined
  readonly session: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly dryRun: boolean
  readonly reason: string | undefined
}

export async function createHold(context: Context, input: CreateInput): Promise<Answer> {
  const { user, session, since, until, dryRun } = input
  const at = (text: string) => readInstant(text, context.io.clock.now(), context.timeZone, parseDuration).toISOString()
  const about = {
    ...(user === undefined ? {} : { user }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(since === undefined ? {} : { from: at(since) }),
    ...(until === undefined ? {} : { to: at(until) }),
  }
  const reason = dryRun ? '' : needed(input.reason)
  const client = await context.client()
  if (dryRun) {
    const { covers } = await client.call(endpoints.previewLegalHold, { body: about, signal: context.io.signal })
    return one({ covers }, covered, () => '')
  }
  const hold = await client.call(endpoints.createLegalHold, { body: { ...about, reason }, signal: context.io.signal })
  return one(hold, columns, (row) => row.id)
}

interface ReleaseInput {
  readonly hold: string
  readonly reason: string | undefined
}

export async function releaseHold(context: Context, input: ReleaseInput): Promise<Answer> {
  const reason = needed(input.reason)
  const client = await context.client()
  await context.confirm(`Release the hold ${input.hold}, so that retention removes what it covers?`)
  const hold = await client.call(endpoints.releaseLegalHold, {
    params: { id: input.hold },
    body: { reason },
    signal: context.io.signal,
  })
  return one(hold, columns, (row) => row.id)
}

function needed(reason: string | undefined): string {
  if (reason !== undefined) return reason
  throw new Fault('invalid', '--reason is missing', { fix: 'say why with --reason' })
}
