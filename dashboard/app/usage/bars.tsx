import type { UsageRow } from '@reeve/sdk'
import { compact, exact } from '../ui/format.ts'
import { tokenClasses } from './classes.ts'

/** In units of the drawing, which is stretched over the room that there is. */
const step = 10
const barWidth = 7
const height = 100

/** One bar a day, of the four classes above each other. For the eye only: the same is in the table. */
export function Bars({ rows }: { rows: readonly UsageRow[] }) {
  const most = Math.max(1, ...rows.map((row) => row.total_tokens))
  const [first, last] = [rows[0], rows.at(-1)]
  const top = rows.find((row) => row.total_tokens === most)
  const told =
    top === undefined
      ? 'no tokens'
      : `${exact(rows.length)} days; the most were ${exact(most)} on ${top.name}. The table has every number.`
  return (
    <figure className="space-y-1">
      <div className="flex gap-2">
        <div className="num flex w-12 shrink-0 flex-col justify-between text-right text-xs text-muted" aria-hidden>
          <span>{compact(most)}</span>
          <span>{most > 1 ? compact(Math.round(most / 2)) : ''}</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={`Tokens by day: ${told}`}
          viewBox={`0 0 ${rows.length * step} ${height}`}
          preserveAspectRatio="none"
          className="h-48 min-w-0 flex-1 border-y border-line"
        >
          <line
            x1="0"
            x2={rows.length * step}
            y1={height / 2}
            y2={height / 2}
            className="stroke-(--line)"
            vectorEffect="non-scaling-stroke"
          />
          {rows.map((row, at) => (
            <Bar key={row.key} row={row} left={at * step + (step - barWidth) / 2} scale={height / most} />
          ))}
        </svg>
      </div>
      <figcaption className="num ml-14 flex justify-between text-xs text-muted" aria-hidden>
        <span>{first?.name}</span>
        <span>{last?.name}</span>
      </figcaption>
    </figure>
  )
}

function Bar({ row, left, scale }: { row: UsageRow; left: number; scale: number }) {
  const lines = tokenClasses.map(({ key, title }) => `${title} ${exact(row[key])}`)
  return (
    <g>
      <title>{[`${row.name}: ${exact(row.total_tokens)} tokens`, ...lines].join('\n')}</title>
      {/* The whole height answers the pointer, however low the bar is. */}
      <rect x={left} y={0} width={barWidth} height={height} className="fill-transparent hover:fill-(--hover)" />
      {stack(row).map(({ fill, from, to }) => (
        <rect
          key={fill}
          x={left}
          y={height - to * scale}
          width={barWidth}
          height={(to - from) * scale}
          className={`${fill} pointer-events-none`}
        />
      ))}
    </g>
  )
}

/** Where each class begins and ends, in tokens, above those before it. */
const stack = (row: UsageRow) =>
  tokenClasses.map(({ key, fill }, at) => {
    const from = tokenClasses.slice(0, at).reduce((sum, below) => sum + row[below.key], 0)
    return { fill, from, to: from + row[key] }
  })
