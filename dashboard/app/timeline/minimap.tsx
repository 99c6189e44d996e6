import { type MouseEvent, useMemo } from 'react'
import { plural } from '../ui/format.ts'
import { type FeedRow, isFailure, type Lane, laneOf, lanesOf, offsetOf } from './rows.ts'

const buckets = 240
const laneHeight = 9

export const laneColour: Readonly<Record<Lane, string>> = {
  human: 'var(--link)',
  thinking: 'var(--thinking)',
  model: 'var(--model)',
  tools: 'var(--tool)',
  system: 'var(--system)',
  boundary: 'var(--boundary)',
}

/**
 * When what happened, a line for each lane. The pointer jumps to a moment; the keyboard has j, k, Home and End in the
 * feed, and everything drawn is said in words.
 */
export function Minimap({
  rows,
  hidden,
  active,
  onJump,
}: {
  rows: readonly FeedRow[]
  hidden: ReadonlySet<Lane>
  /** Where in the time of the session the row with the focus is. */
  active: number | null
  onJump: (id: string) => void
}) {
  const lanes = useMemo(() => lanesOf(rows), [rows])
  const endMs = useMemo(() => rows.reduce((most, row) => Math.max(most, offsetOf(row)), 1), [rows])
  const drawn = useMemo(() => density(rows, endMs), [rows, endMs])
  const failures = useMemo(() => rows.filter(isFailure).length, [rows])
  // Drawn once: moving through the events only moves the line.
  const bars = useMemo(
    () =>
      drawn.bars.map(({ lane, bucket, height, failed }) => (
        <rect
          key={`${lane}-${bucket}`}
          x={bucket}
          y={(lanes.indexOf(lane) + 1) * laneHeight - 1 - height}
          width={1}
          height={height}
          fill={failed ? 'var(--bad)' : laneColour[lane]}
          opacity={hidden.has(lane) && !failed ? 0.25 : 1}
        />
      )),
    [drawn, hidden, lanes],
  )
  const words = lanes.map((lane) => `${lane} ${drawn.counts[lane]}`).join(', ')

  const jump = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const offset = ((event.clientX - box.left) / box.width) * endMs
    let nearest: FeedRow | null = null
    for (const row of rows) {
      if (nearest === null || Math.abs(offsetOf(row) - offset) < Math.abs(offsetOf(nearest) - offset)) nearest = row
    }
    if (nearest !== null) onJump(nearest.id)
  }

  return (
    <div className="flex items-stretch gap-2 rounded-lg border border-line bg-raised px-3 py-2">
      <div aria-hidden className="grid auto-rows-fr text-[0.625rem] leading-3 text-muted">
        {lanes.map((lane) => (
          <span key={lane} className={hidden.has(lane) ? 'line-through' : ''}>
            {lane}
          </span>
        ))}
      </div>
      <svg
        role="img"
        aria-label={`Density of events over time: ${words}; ${plural(failures, 'failure')}`}
        viewBox={`0 0 ${buckets} ${lanes.length * laneHeight}`}
        preserveAspectRatio="none"
        className={`${lanes.length > 5 ? 'h-18' : 'h-15'} min-w-0 flex-1 cursor-crosshair`}
        onClick={jump}
      >
        {active !== null && (
          <rect
            x={Math.min(buckets - 0.4, (active / endMs) * buckets)}
            y={0}
            width={0.4}
            height={lanes.length * laneHeight}
            fill="var(--control)"
          />
        )}
        {bars}
      </svg>
    </div>
  )
}

function density(rows: readonly FeedRow[], endMs: number) {
  const cells = new Map<string, { lane: Lane; bucket: number; count: number; failed: boolean }>()
  const counts: Record<Lane, number> = { human: 0, thinking: 0, model: 0, tools: 0, system: 0, boundary: 0 }
  for (const row of rows) {
    const [lane, offset] = [laneOf(row), offsetOf(row)]
    counts[lane]++
    const bucket = Math.min(buckets - 1, Math.max(0, Math.floor((offset / endMs) * buckets)))
    const key = `${lane}-${bucket}`
    const cell = cells.get(key) ?? { lane, bucket, count: 0, failed: false }
    cell.count++
    cell.failed ||= isFailure(row)
    cells.set(key, cell)
  }
  const most = Math.max(1, ...[...cells.values()].map(({ count }) => count))
  const bars = [...cells.values()].map(({ count, ...cell }) => ({
    ...cell,
    height: 3 + (laneHeight - 4) * Math.sqrt(count / most),
  }))
  return { bars, counts }
}
