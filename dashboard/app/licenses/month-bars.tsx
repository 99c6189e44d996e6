import { exact } from '../ui/format.ts'
import type { Month } from './months.ts'

/** One bar a month, each with its number below it. */
export function MonthBars({ months }: { months: readonly Month[] }) {
  const most = Math.max(1, ...months.map(({ builds }) => builds))
  return (
    <ol aria-label="Agent Workspace Builds by month" className="flex items-end gap-1.5 overflow-x-auto">
      {months.map(({ id, builds }) => (
        <li key={id} className="flex min-w-12 flex-1 flex-col text-center text-xs">
          <svg aria-hidden viewBox="0 0 10 100" preserveAspectRatio="none" className="h-24 w-full">
            <rect
              x="1"
              width="8"
              y={100 - (builds / most) * 100}
              height={(builds / most) * 100}
              className="fill-(--link)"
            />
          </svg>
          <span className="num border-t border-line pt-1">{exact(builds)}</span>
          <span className="num text-muted">{id}</span>
        </li>
      ))}
    </ol>
  )
}
