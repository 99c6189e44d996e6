import { Fault, type Uuid } from '@reeve/base'
import { buildReasons, BuildReason, type BuildTrigger, endpoints } from '@reeve/sdk'
import { type Visibility, visibility } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { csvCells } from '../http/csv-cells.ts'
import { implement, implementBytes, type Route, signedIn } from '../http/implement.ts'
import {
  type BuildFilter,
  type BuildRow,
  countBuilds,
  type LedgerFilter,
  selectBuilds,
  selectDays,
  sumSince,
} from './build-queries.ts'
import { paceOf, paceSince } from './pace.ts'
import { presentBuild, presentMeter } from './present.ts'
import { type Licensing, lookAtLicenses } from './standing.ts'

const pageDefault = 100
const countMax = 10_000
const filePage = 1_000
const dayMs = 86_400_000
const daysDefault = 30
const daysMax = 1_100

export function buildRoutes(room: Licensing): Route[] {
  const { db, clock } = room
  return [
    implement(endpoints.listAgentWorkspaceBuilds, async ({ query }, scope) => {
      const actor = signedIn(scope)
      const visible = visibility(actor, 'usage:read')
      const filter = ledgerFilter(query, actor.userId)
      const page = { limit: query.limit ?? pageDefault, afterId: query.after_id ?? null }
      const rows = await selectBuilds(db.sql, visible, filter, page)
      return { builds: rows.map(presentBuild), count: await countBuilds(db.sql, visible, filter, countMax) }
    }),
    implementBytes(endpoints.exportAgentWorkspaceBuilds, ({ query }, scope) => {
      const actor = signedIn(scope)
      return {
        bytes: csvFile(db.sql, visibility(actor, 'usage:read'), ledgerFilter(query, actor.userId)),
        contentType: 'text/csv; charset=utf-8',
        fileName: `reeve-agent-workspace-builds-${dayOf(clock.now())}.csv`,
      }
    }),
    implement(endpoints.getDailyAgentWorkspaceBuilds, async ({ query }, scope) => {
      const actor = signedIn(scope)
      const { from, to } = daysOf(query, clock.now())
      const filter = buildFilter(query, actor.userId)
      const days = await selectDays(db.sql, visibility(actor, 'usage:read'), filter, { from, to })
      return { days, total: days.reduce((sum, { builds }) => sum + builds, 0) }
    }),
    implement(endpoints.getBuildMeter, async () => {
      const standing = await lookAtLicenses(db.sql, room)
      const { allowance, used, moment } = standing
      const recent = await sumSince(db.sql, paceSince(allowance, moment.at))
      return presentMeter(standing, paceOf(allowance, used, recent, moment.at))
    }),
  ]
}

interface Asked {
  readonly organization?: string | undefined
  readonly template?: string | undefined
  readonly owner?: string | undefined
  readonly trigger?: BuildTrigger | undefined
}

const buildFilter = ({ organization, template, owner, trigger }: Asked, me: Uuid): BuildFilter => ({
  organization: organization ?? null,
  template: template ?? null,
  owner: owner === 'me' ? me : (owner ?? null),
  trigger: trigger ?? null,
})

interface AskedLedger extends Asked {
  readonly counted?: LedgerFilter['counted'] | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const ledgerFilter = ({ counted = 'yes', from, to, ...asked }: AskedLedger, me: Uuid): LedgerFilter => ({
  ...buildFilter(asked, me),
  counted,
  from: from === undefined ? null : new Date(from),
  to: to === undefined ? null : new Date(to),
})

function daysOf(
  asked: { from?: string | undefined; to?: string | undefined },
  now: Date,
): { from: string; to: string } {
  const to = asked.to ?? dayOf(now)
  const from = asked.from ?? dayOf(new Date(Date.parse(to) - (daysDefault - 1) * dayMs))
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1
  if (days >= 1 && days <= daysMax) return { from, to }
  throw new Fault('invalid', 'these are no days that can be shown', {
    problems: [{ field: 'from', detail: days < 1 ? 'is after the last day' : `is more than ${daysMax} days before` }],
  })
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

const header = [
  'build_id',
  'time',
  'counted',
  'trigger',
  'reason',
  ...['organization', 'template', 'template_version', 'owner', 'workspace', 'task'].flatMap((what) => [
    `${what}_id`,
    what,
  ]),
]

async function* csvFile(db: Executor, visible: Visibility, filter: LedgerFilter): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvCells(header))
  for (let afterId: Uuid | null = null; ;) {
    const rows: BuildRow[] = await selectBuilds(db, visible, filter, { limit: filePage, afterId })
    if (rows.length > 0) yield Buffer.from(rows.map(csvLine).join(''))
    const last = rows.at(-1)
    if (last === undefined || rows.length < filePage) return
    afterId = last.build_id
  }
}

const csvLine = (row: BuildRow): string =>
  csvCells([
    row.build_id,
    row.recorded_at.toISOString(),
    row.counted ? 'yes' : 'no',
    row.trigger,
    buildReasons[BuildReason.parse(row.reason)],
    row.organization_id,
    row.organization_name,
    row.template_id,
    row.template_name,
    row.template_version_id,
    row.template_version_name,
    row.owner_id,
    row.owner_name,
    row.workspace_id,
    row.workspace_name,
    row.task_id,
    row.task_name,
  ])
