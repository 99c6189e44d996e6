import type { ReactNode } from 'react'
import { useZone } from '../hooks/use-zone.ts'
import { FilterMenus } from './filter-menus.tsx'
import { QueryBar, type QueryKey } from './query-bar.tsx'
import { RangeMenu } from './range-menu.tsx'
import type { Asking } from './use-list-search.ts'

/** How a list can be asked for less than everything. */
export interface Filters {
  readonly asking: Asking
  readonly label: string
  readonly keys: readonly QueryKey[]
  /** Whether it can be asked for a range of time. */
  readonly ranged: boolean
  /** The values of the keys are about to be needed. */
  readonly onNeed?: () => void
}

/** What stands above every list: its name and count and, where it can be filtered, the query, the menus and the range. */
export function ListHead({
  title,
  count,
  aside,
  filters,
  problem,
  busy,
}: {
  title: string
  count: string
  aside?: ReactNode
  filters?: Filters | undefined
  problem: string | null
  busy: boolean
}) {
  return (
    <div className="relative px-4 pt-3 pb-2">
      <div className="flex min-h-8 flex-wrap items-center gap-3">
        <h1 className="text-lg">{title}</h1>
        <span className="num text-muted">{count}</span>
        <span className="ml-auto">{aside}</span>
      </div>
      {filters !== undefined && <FilterBar filters={filters} problem={problem} />}
      {busy && <div className="progress-line absolute inset-x-0 bottom-0 h-0.5" role="presentation" />}
    </div>
  )
}

function FilterBar({ filters, problem }: { filters: Filters; problem: string | null }) {
  const { asking, label, keys, ranged, onNeed } = filters
  const zone = useZone()
  return (
    <div className="mt-2 flex flex-wrap items-start gap-2" onFocusCapture={onNeed}>
      <QueryBar label={label} text={asking.q} keys={keys} problem={problem} onChange={asking.setText} />
      <div className="flex flex-wrap gap-2">
        <FilterMenus text={asking.q} keys={keys} onNeed={onNeed} onChange={asking.setText} />
        {ranged && <RangeMenu range={asking} zone={zone} onChange={asking.setRange} />}
      </div>
    </div>
  )
}
