import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'

/** The foot of a list: how many there are by the server's own count, and the next of them. */
export function LoadMore({
  shown,
  count,
  exactly,
  noun,
  busy,
  onMore,
}: {
  shown: number
  count: number
  exactly: boolean
  noun: string
  busy: boolean
  /** Null where there are no more. */
  onMore: (() => void) | null
}) {
  return (
    <div className="flex items-center gap-4 px-4 py-3 text-muted">
      <span className="num">
        {onMore !== null
          ? `${exact(shown)} of ${exact(count)}${exactly ? '' : '+'} ${noun}`
          : `${exact(Math.max(shown, count))} ${noun}`}
      </span>
      {onMore !== null && (
        <Button onClick={onMore} disabled={busy}>
          {busy ? 'Loading' : 'Load more'}
        </Button>
      )}
    </div>
  )
}
