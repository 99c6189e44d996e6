import type { BoundaryBucket } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { eventCounts } from '../api/boundaries.ts'
import type { ListSearch } from '../api/lists.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { compact, exact, plural } from '../ui/format.ts'
import { dateTime } from '../ui/instant.ts'

/** In units of the drawing, which is stretched over the room that there is. */
const step = 10
const barWidth = 8
const height = 60

/** What is denied lies at the foot, where its height can be compared. Patterns tell the classes apart as well as colours. */
const classes = [
  { key: 'denied', title: 'denied', fill: 'fill-(--bad)' },
  { key: 'observed', title: 'would be denied', fill: 'fill-(--warn)' },
] as const

/** Denials over time. For the eye only: the rows below have every one of them. */
export function DecisionBars({ search }: { search: ListSearch }) {
  const { data } = useQuery(eventCounts(search))
  const zone = useZone()
  const now = useNow(3_600_000)
  if (data === undefined) return <div className="h-24" />
  const { buckets, step_seconds } = data
  const worst = buckets.reduce<BoundaryBucket | null>(
    (most, one) => (heightOf(one) > heightOf(most) ? one : most),
    null,
  )
  const most = heightOf(worst)
  if (most === 0) return null
  const when = (at: string) => dateTime(new Date(at), zone, now).replace(/:\d\d$/, '')
  const denied = buckets.reduce((sum, one) => sum + one.denied, 0)
  const told = `${plural(denied, 'denial')} in ${plural(buckets.length, 'step')} of ${stepText(step_seconds)}; the most were ${exact(most)} from ${when(worst?.from ?? '')}.`
  return (
    <figure className="px-4 pb-2">
      <div className="flex gap-2">
        <div className="num flex w-10 shrink-0 flex-col justify-between text-right text-xs text-muted" aria-hidden>
          <span>{compact(most)}</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={`Denials over time: ${told}`}
          viewBox={`0 0 ${buckets.length * step} ${height}`}
          preserveAspectRatio="none"
          className="h-20 min-w-0 flex-1 border-y border-line"
        >
          {buckets.map((bucket, at) => (
            <Bar key={bucket.from} bucket={bucket} left={at * step} scale={height / most} title={when(bucket.from)} />
          ))}
        </svg>
      </div>
      <figcaption className="num ml-12 flex flex-wrap justify-between gap-x-4 text-xs text-muted" aria-hidden>
        <span>{when(buckets[0]?.from ?? '')}</span>
        <span>
          Denials, one bar for {stepText(step_seconds)}
          {buckets.some(({ observed }) => observed > 0) && '; above them what would be denied'}
        </span>
        <span>{when(buckets.at(-1)?.from ?? '')}</span>
      </figcaption>
    </figure>
  )
}

const heightOf = (bucket: BoundaryBucket | null): number => (bucket === null ? 0 : bucket.denied + bucket.observed)

function stepText(seconds: number): string {
  if (seconds % 86_400 === 0) return plural(seconds / 86_400, 'day')
  return seconds % 3600 === 0 ? plural(seconds / 3600, 'hour') : plural(Math.round(seconds / 60), 'minute')
}

function Bar({ bucket, left, scale, title }: { bucket: BoundaryBucket; left: number; scale: number; title: string }) {
  const x = left + (step - barWidth) / 2
  const lines = classes.map(({ key, title: word }) => `${exact(bucket[key])} ${word}`)
  return (
    <g>
      <title>{[title, `${exact(bucket.allowed)} allowed`, ...lines].join('\n')}</title>
      <rect x={x} y={0} width={barWidth} height={height} className="fill-transparent hover:fill-(--hover)" />
      {classes.map(({ key, fill }, at) => {
        const below = classes.slice(0, at).reduce((sum, one) => sum + bucket[one.key], 0)
        return (
          <rect
            key={key}
            x={x}
            y={height - (below + bucket[key]) * scale}
            width={barWidth}
            height={bucket[key] * scale}
            className={`${fill} pointer-events-none`}
          />
        )
      })}
    </g>
  )
}
