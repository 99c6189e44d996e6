import type { ReactNode } from 'react'
import { useZone } from '../hooks/use-zone.ts'
import { QueryBar, type QueryKey } from './query-bar.tsx'
import type { Range } from './range.ts'
import { RangeMenu } from './range-menu.tsx'

/** What stands above every list: its name and count, the query, the filters, the range. */
export function ListHead({
  title,
  count,
  aside,
  query,
  range,
  menus,
  busy,
}: {
  title: string
  count: string | null
  aside?: ReactNode
  query: {
    readonly label: string
    readonly text: string
    readonly keys: readonly QueryKey[]
    readonly problem: string | null
    readonly onChange: (text: string) => void
    readonly onFocus: () => void
  }
  range: {
    readonly from: string | undefined
    readonly to: string | undefined
    readonly onChange: (range: Range) => void
  }
  menus: ReactNode
  busy: boolean
}) {
  const zone = useZone()
  const { from, to } = range
  return (
    <div className="relative px-4 pt-3 pb-2">
      <div className="mb-2 flex min-h-8 items-center gap-3">
        <h1 className="text-lg">{title}</h1>
        <span className="num text-muted">{count ?? ''}</span>
        <span className="ml-auto">{aside}</span>
      </div>
      <div className="flex flex-wrap items-start gap-2" onFocusCapture={query.onFocus}>
        <QueryBar
          label={query.label}
          text={query.text}
          keys={query.keys}
          problem={query.problem}
          onChange={query.onChange}
        />
        <div className="flex flex-wrap gap-2">
          {menus}
          <RangeMenu
            range={{ ...(from !== undefined && { from }), ...(to !== undefined && { to }) }}
            zone={zone}
            onChange={range.onChange}
          />
        </div>
      </div>
      {busy && <div className="progress-line absolute inset-x-0 bottom-0 h-0.5" role="presentation" />}
    </div>
  )
}
