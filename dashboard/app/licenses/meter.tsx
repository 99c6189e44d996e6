import type { BuildMeter } from '@reeve/sdk'
import { Fact } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'

const dayOf = (instant: string): string => instant.slice(0, 10)

/** Used of the limit, how fast, and when that would be all. */
export function Meter({ of: meter }: { of: BuildMeter }) {
  const { used, limit, source, entitlement, period } = meter
  const isUsedUp = used >= limit
  const part = limit === 0 ? 1 : Math.min(1, used / limit)
  return (
    <div className="space-y-3 rounded-lg border border-line p-4">
      <p className="text-lg">
        <span className="num">{exact(used)}</span> of <span className="num">{exact(limit)}</span>{' '}
        <span className="text-base text-muted">{source === 'license' ? 'licensed' : 'included'}</span>
      </p>
      <svg
        role="img"
        aria-label={`${exact(used)} of ${exact(limit)} are used${isUsedUp ? ', which is all' : ''}`}
        viewBox="0 0 100 1"
        preserveAspectRatio="none"
        className="h-2.5 w-full rounded-full"
      >
        <rect width="100" height="1" className="fill-(--sunken)" />
        <rect width={part * 100} height="1" className={isUsedUp ? 'fill-(--warn)' : 'fill-(--link)'} />
      </svg>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-6 gap-y-3">
        <Fact name="Counted from">
          <span className="num">{dayOf(period.start)}</span>
        </Fact>
        <Fact name="Until">
          {source === 'license' ? <span className="num">{dayOf(period.end)}</span> : 'they are used'}
        </Fact>
        <Fact name="Pace">
          <span className="num">{meter.pace_per_day.toLocaleString('en-GB')} a day</span>
        </Fact>
        <Fact name="All used by">{projection(meter)}</Fact>
        {entitlement === 'grace_period' && <Fact name="The licence">has expired and is honoured for a while</Fact>}
      </dl>
      {isUsedUp && (
        <p className="text-warn">
          All are used. Nothing stops: tasks go on as before. Ask whoever you have your licence from for more.
        </p>
      )}
    </div>
  )
}

function projection({ used, limit, projected_at, pace_per_day }: BuildMeter) {
  if (used >= limit) return 'now'
  if (projected_at !== null) return <span className="num">{dayOf(projected_at)}</span>
  return pace_per_day === 0 ? 'never at this pace' : 'not in this period'
}
