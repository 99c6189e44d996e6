import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { allReadings, clockTime, type Zone } from '../ui/instant.ts'

/** One line of the timeline: when, what kind, and what there is to say about it. */
export function TimelineLine({
  time,
  zone,
  now,
  colour,
  icon: Icon,
  title,
  quiet,
  children,
}: {
  time: string
  zone: Zone
  now: Date
  colour: string
  icon: LucideIcon
  title: string
  quiet: boolean
  children: ReactNode
}) {
  return (
    <div className="grid gap-x-3 px-4 py-1 sm:grid-cols-[6.5rem_7rem_minmax(0,1fr)]">
      <div className="contents max-sm:flex max-sm:items-center max-sm:justify-between">
        <time
          dateTime={time}
          title={allReadings(new Date(time), now)}
          className="num mono order-1 pt-px text-xs leading-5 text-muted sm:order-none"
        >
          {clockTime(new Date(time), zone, true)}
        </time>
        <div className="flex items-start gap-1.5" style={{ color: colour }}>
          <span
            className="lane-bar mt-0.5 h-4 w-0.5 shrink-0 rounded-full"
            style={{ background: colour }}
            aria-hidden
          />
          <Icon size={14} aria-hidden className="mt-[3px] shrink-0" />
          <span className={quiet ? '' : 'font-medium'}>{title}</span>
        </div>
      </div>
      <div className={`min-w-0 max-sm:pl-6 ${quiet ? 'text-muted' : ''}`}>{children}</div>
    </div>
  )
}
