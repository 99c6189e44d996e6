import { Fault, parseDuration } from '@reeve/base'
import { endpoints, type UsageCounts, type UsageGroupBy, type UsageReport, type UsageRow } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { readInstant } from '../instants.ts'
import { type Answer, type Column, table } from '../output/answer.ts'

export interface UsageInput {
  readonly by: UsageGroupBy | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly user: string | undefined
  readonly group: string | undefined
  readonly organization: string | undefined
  readonly model: string | undefined
  readonly provider: string | undefined
  readonly client: string | undefined
  readonly top: number | undefined
}

const topMax = 1_000

export async function showUsage(context: Context, input: UsageInput): Promise<Answer> {
  const client = await context.client()
  const { by = 'day', from, to, top, ...filter } = input
  const given = Object.entries(filter).filter(([, value]) => value !== undefined)
  const query = {
    ...Object.fromEntries(given),
    group_by: by,
    zone: context.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(from === undefined ? {} : { from: moment(context, '--from', from) }),
    ...(to === undefined ? {} : { to: moment(context, '--to', to) }),
    ...(top === undefined && context.globals.format === 'table' ? {} : { top: top ?? topMax }),
  }
  const report = await client.call(endpoints.getUsage, { query, signal: context.io.signal })
  if (report.rows.length > 0) tellTotal(context, report)
  return {
    ...table(report.rows, [nameColumn(by), ...columns, keyColumn], (row) => row.key, 'nothing was used in this period'),
    document: () => report,
  }
}

function moment(context: Context, flag: string, text: string): string {
  try {
    return readInstant(text, context.io.clock.now(), context.timeZone, parseDuration).toISOString()
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    throw new Fault('invalid', `${flag}: ${thrown.message}`, thrown.fix === undefined ? {} : { fix: thrown.fix })
  }
}

/** Beside the table, so that whoever adds up a column does not add its sum. */
function tellTotal(context: Context, { total, other, overlapping }: UsageReport): void {
  const parts = [
    `${shown(total.input_tokens)} fresh`,
    `${shown(total.cache_read_input_tokens)} cache read`,
    `${shown(total.cache_write_input_tokens)} cache written`,
    `${shown(total.output_tokens)} output`,
  ]
  context.note(`total: ${shown(total.requests)} requests, ${shown(total.total_tokens)} tokens (${parts.join(' + ')})`)
  if (other !== null) {
    context.note(`${other.count} more have ${shown(other.total_tokens)} tokens together; --top shows more`)
  }
  if (overlapping) context.note('some people are in several groups and counted in each; in the total they are once')
}

const shown = (count: number): string => count.toLocaleString('en-US')

const counted = (name: string, key: keyof UsageCounts, priority: number): Column<UsageRow> => ({
  name,
  value: (row) => row[key],
  show: (row) => shown(row[key]),
  priority,
})

const nameColumn = (by: UsageGroupBy): Column<UsageRow> => ({
  name: by,
  value: (row) => row.name,
  show: (row) => (row.name === '' ? '(none)' : row.name),
  priority: 0,
})

const columns: readonly Column<UsageRow>[] = [
  counted('requests', 'requests', 1),
  counted('errors', 'errors', 4),
  counted('fresh', 'input_tokens', 2),
  counted('cache_read', 'cache_read_input_tokens', 2),
  counted('cache_write', 'cache_write_input_tokens', 2),
  counted('read', 'read_tokens', 3),
  counted('output', 'output_tokens', 2),
  counted('tokens', 'total_tokens', 0),
  counted('cache_write_1h', 'cache_write_1h_input_tokens', 6),
  counted('reasoning', 'reasoning_tokens', 6),
  counted('audio_input', 'audio_input_tokens', 6),
  counted('audio_output', 'audio_output_tokens', 6),
]
const keyColumn: Column<UsageRow> = { name: 'id', value: (row) => row.key, priority: 6 }
