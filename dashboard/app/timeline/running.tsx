import type { TimelineEvent } from '@reeve/sdk'
import { CircleDot } from 'lucide-react'
import { useNow } from '../hooks/use-clock.ts'
import { duration } from '../ui/format.ts'

/** What a session that is not over waits for, and since when. */
export function Running({ events }: { events: readonly TimelineEvent[] }) {
  const now = useNow(1000)
  const ended = new Set(events.filter(({ kind }) => kind === 'end').map(({ interception_id }) => interception_id))
  const open = events.filter(({ kind, interception_id }) => kind === 'request' && !ended.has(interception_id))
  const since = open[0]?.time ?? events.at(-1)?.time
  return (
    <p className="flex items-center gap-2 border-t border-line px-4 py-3 text-link">
      <CircleDot size={14} className="pulse" aria-hidden />
      still running
      <span className="text-muted">
        {open.length > 0 ? '· waiting for the model' : '· waiting for the client'}
        {since !== undefined && (
          <span className="num">, {duration(Math.max(0, now.getTime() - Date.parse(since)))}</span>
        )}
      </span>
    </p>
  )
}
