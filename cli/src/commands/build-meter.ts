import { parseDuration } from '@reeve/base'
import { type AgentWorkspaceBuild, type BuildMeter, buildReasons, type BuildTrigger, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { readInstant } from '../instants.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn, shortIdColumn } from '../output/fields.ts'
import { paged, type PagingInput } from './paging.ts'

const exact = (count: number): string => count.toLocaleString('en-US')

const meterColumns: readonly Column<BuildMeter>[] = [
  {
    name: 'used',
    value: (row) => row.used,
    show: (row) => exact(row.used),
    priority: 0,
    tone: ({ used, limit }) => (used >= limit ? 'yellow' : null),
  },
  { name: 'limit', value: (row) => row.limit, show: (row) => exact(row.limit), priority: 0 },
  { name: 'source', value: (row) => row.source, priority: 0 },
  { name: 'entitlement', value: (row) => row.entitlement, priority: 1 },
  instantColumn('from', (row) => row.period.start, 1),
  instantColumn('to', (row) => row.period.end, 1),
  { name: 'pace_per_day', value: (row) => row.pace_per_day, priority: 0 },
  instantColumn('projected', (row) => row.projected_at, 0),
]

export async function showMeter(context: Context): Promise<Answer> {
  const client = await context.client()
  const meter = await client.call(endpoints.getBuildMeter, { signal: context.io.signal })
  if (meter.used >= meter.limit) context.note('used up; nothing stops, and whoever you have your licence from has more')
  return one(meter, meterColumns, () => 'agent-workspace-builds')
}

const buildColumns: readonly Column<AgentWorkspaceBuild>[] = [
  shortIdColumn<AgentWorkspaceBuild>(),
  instantColumn('time', (row) => row.time, 0),
  { name: 'task', value: (row) => row.task?.name ?? null, priority: 0, elastic: true },
  { name: 'template', value: (row) => row.template.name, priority: 1 },
  { name: 'owner', value: (row) => row.owner.name, priority: 1 },
  { name: 'counted', value: (row) => (row.counted ? 'yes' : 'no'), priority: 0 },
  { name: 'trigger', value: (row) => row.trigger, priority: 2 },
  { name: 'reason', value: (row) => buildReasons[row.reason], priority: 0, elastic: true },
  { name: 'organization', value: (row) => row.organization.name, priority: 3 },
  { name: 'version', value: (row) => row.template_version.name, priority: 4 },
  { name: 'workspace', value: (row) => row.workspace.name, priority: 4 },
  { name: 'task_id', value: (row) => row.task?.id ?? null, priority: 6 },
  { name: 'template_id', value: (row) => row.template.id, priority: 6 },
  { name: 'owner_id', value: (row) => row.owner.id, priority: 6 },
]

interface BuildsInput extends PagingInput {
  readonly organization: string | undefined
  readonly template: string | undefined
  readonly owner: string | undefined
  readonly trigger: BuildTrigger | undefined
  readonly counted: 'yes' | 'no' | 'all' | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

export async function listBuilds(context: Context, input: BuildsInput): Promise<Answer> {
  const { since, until, limit: _, all: __, ...filter } = input
  const at = (text: string) => readInstant(text, context.io.clock.now(), context.timeZone, parseDuration).toISOString()
  const asked = {
    ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    ...(since === undefined ? {} : { from: at(since) }),
    ...(until === undefined ? {} : { to: at(until) }),
  }
  const client = await context.client()
  const rows = paged<AgentWorkspaceBuild>(context, input, async (limit, last) => {
    const query = { ...asked, limit, ...(last === undefined ? {} : { after_id: last.id }) }
    const { builds, count } = await client.call(endpoints.listAgentWorkspaceBuilds, {
      query,
      signal: context.io.signal,
    })
    return { rows: builds, count }
  })
  return table(rows, buildColumns, (row) => row.id, 'no builds')
}
