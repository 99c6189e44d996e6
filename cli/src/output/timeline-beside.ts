import { actLine, type TimelineBuild, type TimelineDecision, type TimelineEvent } from '@reeve/sdk'
import type { Column, Screen } from './answer.ts'
import type { Style } from './style.ts'
import { offset } from './timeline.ts'
import { visibleLine } from './visible.ts'

/** What stands beside the events of a session: what boundaries decided, and builds of the workspace that it ran in. */

export type TimelineRow = TimelineEvent | TimelineDecision | TimelineBuild

export const isDecision = (row: TimelineRow): row is TimelineDecision => 'verdict' in row
export const isBuild = (row: TimelineRow): row is TimelineBuild => 'transition' in row
const isEvent = (row: TimelineRow): row is TimelineEvent => !isDecision(row) && !isBuild(row)

const verdictTones = { allowed: 'dim', denied: 'red', observed: 'yellow' } as const satisfies Record<
  TimelineDecision['verdict'],
  keyof Style
>
const verdictWords = { allowed: 'allowed', denied: 'denied', observed: 'would deny' } as const

/** One line: `+0:12.345  boundary denied POST pastebin.com /api (rule default, dny_…) by Bash`. */
export function timelineDecision(
  row: TimelineDecision,
  { style }: Screen,
  toolOf: (eventId: string) => string | null,
): string {
  const { event, verdict, count } = row
  const tone = style[verdictTones[verdict]]
  const what = event !== null && count === 1 ? visibleLine(actLine(event)) : namesLine(row)
  const why = event === null || verdict === 'allowed' ? [] : [`rule ${event.rule}`, event.denial ?? ''].filter(Boolean)
  const reason = why.length === 0 ? '' : style.dim(` (${visibleLine(why.join(', '))})`)
  const tools = row.tool_calls.map((id) => toolOf(id) ?? 'a tool call')
  const by = tools.length === 0 ? '' : style.dim(` ${links[row.attribution]} ${visibleLine(tools.join(', '))}`)
  const head = `${style.dim(offset(row.offset_ms).padStart(12))}  ${style.dim('boundary')} `
  return `${head}${tone(verdictWords[verdict])} ${what}${reason}${by}\n`
}

const links = { sure: 'by', one_of: 'while open:', none: '' } as const

function namesLine({
  count,
  names,
  boundary_session_id: id,
  first_seq: first,
  last_seq: last,
}: TimelineDecision): string {
  if (names.length > 0) return `${count}: ${visibleLine(names.join(', '))}`
  return `${count} more: reeve network events 'session:${visibleLine(id)} seq:${first}..${last}'`
}

/** One line: `-4.120s  system   workspace billing start #1: running (create)`. */
export function timelineBuild(row: TimelineBuild, { style }: Screen): string {
  const when = row.offset_ms < 0 ? offset(-row.offset_ms).replace('+', '-') : offset(row.offset_ms)
  const head = `${style.dim(when.padStart(12))}  ${style.dim('system'.padEnd(8))}`
  const tone = row.status === 'failed' ? style.red : style.dim
  return `${head} ${buildLine(row)} ${tone(`(${row.status})`)}\n`
}

const buildLine = ({ workspace_name: name, transition, number, reason }: TimelineBuild): string =>
  visibleLine(`workspace ${name}: ${transition} #${number}, ${reason}`)

/** The same columns for all: what one of them has none of stays empty. */
export const besideEvents = (columns: readonly Column<TimelineEvent>[]): readonly Column<TimelineRow>[] =>
  columns.map((column) => ({
    ...column,
    value: (row) => (isEvent(row) ? column.value(row) : cellOf(column.name, row)),
    show: (row, screen) =>
      isEvent(row)
        ? (column.show?.(row, screen) ?? String(column.value(row) ?? ''))
        : String(cellOf(column.name, row) ?? ''),
    tone: (row) => (isEvent(row) ? (column.tone?.(row) ?? null) : column.name === 'kind' ? toneOfKind(row) : null),
  }))

type Cells<T> = Readonly<Record<string, (row: T) => string | number | null>>

const decisionCells: Cells<TimelineDecision> = {
  time: (row) => row.time,
  offset_ms: (row) => row.offset_ms,
  lane: () => 'boundary',
  kind: (row) => row.verdict,
  tool_call: (row) => (row.attribution === 'sure' ? row.tool_calls.join(' ') : null),
  text: (row) =>
    row.event !== null && row.count === 1 ? actLine(row.event) : `${row.count} ${row.names.join(' ')}`.trim(),
  id: (row) => row.id,
}

const buildCells: Cells<TimelineBuild> = {
  time: (row) => row.time,
  offset_ms: (row) => row.offset_ms,
  lane: () => 'system',
  kind: (row) => row.transition,
  text: (row) => `${buildLine(row)} (${row.status})`,
  id: (row) => row.id,
}

const cellOf = (name: string, row: TimelineDecision | TimelineBuild) =>
  (isBuild(row) ? buildCells[name]?.(row) : decisionCells[name]?.(row)) ?? null

const toneOfKind = (row: TimelineDecision | TimelineBuild): keyof Style | null =>
  isBuild(row) ? (row.status === 'failed' ? 'red' : null) : verdictTones[row.verdict]
