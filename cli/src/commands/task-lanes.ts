import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { actLine, type BoundaryEvent, type Client, endpoints, type TaskDetails, type TimelineEvent } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { longInstant } from '../instants.ts'
import { type Answer, type Column, type Screen, table } from '../output/answer.ts'
import { verdictOf } from '../output/decisions.ts'
import { instantColumn } from '../output/fields.ts'
import { visibleText } from '../output/visible.ts'
import { interleave } from './interleave.ts'
import { reasonQuery, type ReasonInput } from './reason.ts'
import { followWords, readWords } from './task-words.ts'
import { pathOf } from './tasks.ts'
import { timelineReader } from './timeline-reader.ts'

/** What a task said and what it did, in one log: its words, the tool calls of its models, and what its boundaries decided. */

const laneNames = ['agent', 'tool', 'net'] as const
type LaneName = (typeof laneNames)[number]

interface Line {
  readonly id: string
  readonly time: string
  readonly lane: LaneName
  readonly content: string
}

interface Lane {
  /** What there is by now. */
  past(): Promise<readonly Line[]>
  /** What comes behind that, until the task is deleted. */
  news(): AsyncIterable<Line>
}

interface Wanted extends ReasonInput {
  readonly lanes: ReadonlySet<LaneName>
  readonly since: Date | null
  readonly follow: boolean
}

interface Task {
  readonly context: Context
  readonly client: Client
  readonly found: TaskDetails
  readonly wanted: Wanted
}

export function readLanes(text: string, { after }: { readonly after: number | undefined }): ReadonlySet<LaneName> {
  const words = text.split(',').map((word) => word.trim())
  const lanes = laneNames.filter((name) => words.includes(name))
  const other = words.find((word) => !lanes.some((name) => name === word))
  if (other !== undefined) throw new Fault('invalid', `--lanes: "${other}" is none of ${laneNames.join(', ')}`)
  if (after !== undefined) throw new Fault('invalid', '--after counts what is said, and nothing else: give --since')
  return new Set(lanes)
}

const columns: readonly Column<Line>[] = [
  instantColumn('time', (row) => row.time, 1),
  { name: 'lane', value: (row) => row.lane, priority: 0 },
  { name: 'content', value: (row) => row.content, priority: 0, elastic: true },
  { name: 'id', value: (row) => row.id, priority: 6 },
]

export function lanesOf(context: Context, client: Client, found: TaskDetails, wanted: Wanted): Answer {
  const task = { context, client, found, wanted }
  const made = { agent: wordsLane, tool: toolLane, net: netLane }
  const lanes = laneNames.filter((name) => wanted.lanes.has(name)).map((name) => made[name](task))
  const rows = {
    ...table(linesOf(lanes, wanted), columns, ({ id }) => id, 'nothing was said or done yet'),
    page: pieces,
  }
  return wanted.follow ? { ...rows, endless: true } : rows
}

/** The past in the order of the clock, and then each as it comes. */
async function* linesOf(lanes: readonly Lane[], { since, follow }: Wanted): AsyncGenerator<Line> {
  const isWanted = ({ time }: Line): boolean => since === null || new Date(time) >= since
  const past = (await Promise.all(lanes.map((lane) => lane.past()))).flat().filter(isWanted)
  yield* past.toSorted((a, b) => new Date(a.time).getTime() - new Date(b.time).getTime())
  if (!follow) return
  for await (const line of interleave(lanes.map((lane) => lane.news()))) if (isWanted(line)) yield line
}

function wordsLane({ context, client, found, wanted }: Task): Lane {
  let given = -1
  const lineOf = ({ id, time, type, content }: Awaited<ReturnType<typeof readWords>>[number]): Line => {
    given = id
    return { id: `agent ${id}`, time, lane: 'agent', content: type === 'input' ? `(told) ${content}` : content }
  }
  return {
    async past() {
      const entries = await readWords(context, client, found).catch((thrown: unknown) => {
        // Nobody is there yet who could be asked; whoever follows waits for that.
        if (wanted.follow && codeOf(thrown) === 'conflict') return []
        throw thrown
      })
      // The last that the agent says may grow still, and is then given when it is whole.
      const isGrowing = wanted.follow && entries.at(-1)?.type === 'output'
      return (isGrowing ? entries.slice(0, -1) : entries).map(lineOf)
    },
    async *news() {
      for await (const entry of followWords(context, client, found, given)) yield lineOf(entry)
    },
  }
}

function toolLane({ context, client, found, wanted }: Task): Lane {
  const { signal } = context.io
  const readers = new Map<string, ReturnType<typeof timelineReader>>()

  async function* look({ session_ids: ids }: TaskDetails): AsyncGenerator<Line> {
    for (const id of ids.toReversed()) {
      const read = readers.get(id) ?? timelineReader(client, id, reasonQuery(wanted), signal)
      readers.set(id, read)
      for await (const event of read()) if (event.kind === 'tool_call') yield toolLine(event)
    }
  }
  return {
    past: () => Array.fromAsync(look(found)),
    news: () => again(context, client, found, look),
  }
}

function toolLine({ id, time, tool_name: name, text, denied_by: denied }: TimelineEvent): Line {
  const words = [name ?? 'unknown tool', text ?? '', denied === null ? '' : `(denied by ${denied})`]
  return { id, time, lane: 'tool', content: words.filter((word) => word !== '').join(' ') }
}

const pageMax = 1_000
/** The latest; whoever wants all of a task that opens many connections asks `reeve network events`. */
const decisionsMax = 5_000

function netLane({ context, client, found, wanted }: Task): Lane {
  const { signal } = context.io
  const after = wanted.since === null ? '' : ` started_after:${wanted.since.toISOString()}`
  const q = `task:${found.id} kind:net,dns${after}`
  const seen = new Set<string>()

  /** Those that were not given yet, the oldest first. Boundaries deliver late what they decided while nobody answered. */
  async function look(): Promise<Line[]> {
    const fresh: BoundaryEvent[] = []
    for (let last: string | undefined; fresh.length < decisionsMax;) {
      const query = { q, limit: pageMax, ...(last === undefined ? {} : { after_id: last }) }
      const { events } = await client.call(endpoints.listBoundaryEvents, { query, signal })
      const unseen = events.filter(({ id }) => !seen.has(id))
      fresh.push(...unseen)
      last = events.at(-1)?.id
      if (unseen.length < pageMax) break
    }
    for (const { id } of fresh) seen.add(id)
    return fresh.toReversed().map(netLine)
  }
  return {
    async past() {
      const lines = await look()
      if (lines.length >= decisionsMax) context.note('of the decisions only the latest: reeve network events has all')
      return lines
    },
    news: () =>
      again(context, client, found, async function* () {
        yield* await look()
      }),
  }
}

function netLine(event: BoundaryEvent): Line {
  const { id, time, denial } = event
  const words = [verdictOf(event), actLine(event), denial ?? '']
  return { id, time, lane: 'net', content: words.filter((word) => word !== '').join(' ') }
}

const lookMs = 1_000
const passing = new Set(['unavailable', 'timeout', 'upstream'])

/** Looks at a task again and again, until it is deleted. What may pass is waited for. */
async function* again(
  context: Context,
  client: Client,
  found: TaskDetails,
  look: (task: TaskDetails) => AsyncIterable<Line>,
): AsyncGenerator<Line> {
  const { signal } = context.io
  for (;;) {
    await delay(lookMs, undefined, { signal })
    try {
      yield* look(await client.call(endpoints.getTask, { params: pathOf(found), signal }))
    } catch (thrown) {
      const code = codeOf(thrown)
      if (code === 'not_found') return
      if (code === null || !passing.has(code)) throw thrown
    }
  }
}

const codeOf = (thrown: unknown): string | null => (thrown instanceof Fault ? thrown.code : null)

const tones = { agent: 'blue', tool: 'yellow', net: 'magenta' } as const

/** What a tool is given may be a whole file. */
function brief(content: string): string {
  const line = content.replace(/\s+/g, ' ')
  return line.length <= briefMax ? line : `${line.slice(0, briefMax)}…`
}
const briefMax = 160

async function* pieces(rows: AsyncIterable<Line>, { style, timeZone }: Screen): AsyncGenerator<string> {
  for await (const { time, lane, content } of rows) {
    const lines = visibleText(lane === 'tool' ? brief(content) : content)
      .trimEnd()
      .split('\n')
    yield `${style.dim(longInstant(time, timeZone))}  ${style[tones[lane]](lane.padEnd(5))}  ${lines.join('\n    ')}\n`
  }
}
