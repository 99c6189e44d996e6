import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'

/** The foot of a list: how many there are by the server's own count, and the next of them. */
export function LoadMore({
  shown,
  count,
  exactly = true,
  noun,
  hasMore,
  busy,
  onMore,
}: {
  shown: number
  count: number
  exactly?: boolean
  noun: string
  hasMore: boolean
  busy: boolean
  onMore: () => void
}) {
  return (
    <div className="flex items-center gap-4 px-4 py-3 text-muted">
      <span className="num">
        {hasMore
          ? `${exact(shown)} of ${exact(count)}${exactly ? '' : '+'} ${noun}`
          : `${exact(Math.max(shown, count))} ${noun}`}
      </span>
      {hasMore && (
        <Button onClick={onMore} disabled={busy}>
          {busy ? 'Loading' : 'Load more'}
        </Button>
      )}
    </div>
  )
}
