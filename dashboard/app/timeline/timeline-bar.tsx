import { compact } from '../ui/format.ts'
import { type Finding, FindField } from '../ui/find-field.tsx'
import { laneColour } from './minimap.tsx'
import { countByLane, type FeedRow, type Lane, lanesOf } from './rows.ts'

/** Which lanes are on, and the search through the session. Stays in view while the events scroll. */
export function TimelineBar({
  rows,
  hidden,
  onLanes,
  finding,
  complete,
}: {
  rows: readonly FeedRow[]
  hidden: ReadonlySet<Lane>
  onLanes: (hidden: ReadonlySet<Lane>) => void
  finding: Finding
  /** Whether all of the session is there to be searched. */
  complete: boolean
}) {
  const counts = countByLane(rows)
  return (
    <div className="sticky top-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-1 border-y border-line bg-page px-4 py-1.5">
      <fieldset className="flex flex-wrap items-center gap-1">
        <legend className="sr-only">Lanes</legend>
        {lanesOf(rows).map((lane) => (
          <label
            key={lane}
            className="inline-flex min-h-7 items-center gap-1.5 rounded-md px-1.5 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-link"
          >
            <input
              type="checkbox"
              className="size-3.5 accent-(--accent)"
              style={{ '--accent': laneColour[lane] } as React.CSSProperties}
              checked={!hidden.has(lane)}
              onChange={() => onLanes(toggled(hidden, lane))}
            />
            {lane} <span className="num text-xs text-muted">{compact(counts[lane])}</span>
          </label>
        ))}
      </fieldset>
      <div className="ml-auto flex flex-wrap items-center justify-end gap-1">
        <FindField
          finding={finding}
          where="this session"
          counted={`${finding.found === 1 ? 'match' : 'matches'}${complete ? '' : ' so far'}`}
        />
      </div>
    </div>
  )
}

function toggled(hidden: ReadonlySet<Lane>, lane: Lane): ReadonlySet<Lane> {
  const next = new Set(hidden)
  if (!next.delete(lane)) next.add(lane)
  return next
}
