import type { TaskLogEntry } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { longInstant } from '../instants.ts'
import { type Answer, type Column, type Screen, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleText } from '../output/visible.ts'
import { readTime } from './filter.ts'
import type { ReasonInput } from './reason.ts'
import { lanesOf, readLanes } from './task-lanes.ts'
import { followWords, readWords } from './task-words.ts'
import { findTask } from './tasks.ts'

interface Logs extends ReasonInput {
  readonly task: string
  readonly follow: boolean
  readonly after: number | undefined
  readonly since: string | undefined
  readonly lanes: string | undefined
}

const columns: readonly Column<TaskLogEntry>[] = [
  instantColumn('time', (row) => row.time, 1),
  { name: 'type', value: (row) => row.type, priority: 0 },
  { name: 'content', value: (row) => row.content, priority: 0, elastic: true },
  { name: 'id', value: (row) => row.id, priority: 6 },
]

/** What was said so far; followed, what is said from then on as well. With lanes, what was done stands between it. */
export async function showLogs(context: Context, input: Logs): Promise<Answer> {
  const since = input.since === undefined ? null : readTime(context, '--since', input.since)
  const lanes = input.lanes === undefined ? null : readLanes(input.lanes, input)
  const client = await context.client()
  const found = await findTask(context, client, input.task)
  if (lanes !== null) return lanesOf(context, client, found, { ...input, lanes, since })
  const answer = (rows: AsyncIterable<TaskLogEntry> | Iterable<TaskLogEntry>): Answer<TaskLogEntry> => ({
    ...table(rows, columns, (row) => String(row.id), 'nothing was said yet'),
    page: pieces,
  })
  const isWanted = ({ time }: TaskLogEntry): boolean => since === null || new Date(time) >= since
  if (!input.follow) return answer((await readWords(context, client, found, input.after)).filter(isWanted))
  return { ...answer(only(followWords(context, client, found, input.after), isWanted)), endless: true }
}

async function* only<T>(rows: AsyncIterable<T>, isWanted: (row: T) => boolean): AsyncGenerator<T> {
  for await (const row of rows) if (isWanted(row)) yield row
}

async function* pieces(rows: AsyncIterable<TaskLogEntry>, screen: Screen): AsyncGenerator<string> {
  for await (const { time, type, content } of rows) {
    const { style } = screen
    const who = type === 'input' ? style.green('told ') : style.blue('agent')
    const lines = visibleText(content).trimEnd().split('\n')
    yield `${style.dim(longInstant(time, screen.timeZone))}  ${who}  ${lines.join('\n    ')}\n`
  }
}
