import type { TaskLogEntry } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { memo, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useZone } from '../hooks/use-zone.ts'
import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { clockTime } from '../ui/instant.ts'
import { Time } from '../ui/facts.tsx'

const shownMax = 300
const endPx = 40

/**
 * What was said to the agent and what it said, the end of it first where there is much. Whoever reads the end stays at
 * the end while `follow` is on; scrolling away turns it off. Each entry has an address.
 */
export function TaskLogList({
  task,
  entries,
  snapshotAt,
  mark,
  at,
  wrap,
  follow,
  onFollow,
}: {
  task: string
  entries: readonly TaskLogEntry[]
  snapshotAt: string | null
  /** Highlighted in it. */
  mark: string
  /** The entry that is pointed at. */
  at: string | undefined
  wrap: boolean
  follow: boolean
  onFollow: (follow: boolean) => void
}) {
  const list = useRef<HTMLOListElement>(null)
  const [whole, setWhole] = useState(false)
  const isSearched = mark !== '' || at !== undefined
  const hidden = whole || isSearched ? 0 : Math.max(0, entries.length - shownMax)
  useEnd(list, follow, entries)
  useEffect(() => {
    if (at !== undefined) list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'center' })
  }, [at])
  return (
    <div className={`space-y-1 ${wrap ? '' : 'unwrapped'}`}>
      {hidden > 0 && (
        <Button tone="quiet" onClick={() => setWhole(true)}>
          Show the {exact(hidden)} before
        </Button>
      )}
      <ol
        ref={list}
        id="task-log"
        aria-label="What was said"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          const isAtEnd = scrollHeight - scrollTop - clientHeight < endPx
          if (isAtEnd !== follow) onFollow(isAtEnd)
        }}
        className="max-h-[62vh] min-h-48 overflow-auto rounded-md border border-line py-1"
      >
        {entries.slice(hidden).map((entry) => (
          <Entry key={entry.id} task={task} entry={entry} mark={mark} current={at === String(entry.id)} />
        ))}
        {entries.length === 0 && <li className="px-3 py-2 text-muted">Nothing was said yet.</li>}
        {snapshotAt !== null && (
          <li className="mx-3 my-2 border-t border-dashed border-control pt-1 text-center text-xs text-muted">
            as it was kept when it was paused, <Time at={snapshotAt} />
          </li>
        )}
      </ol>
    </div>
  )
}

/** While the last one grows the others stay as they are. */
const Entry = memo(function Entry({
  task,
  entry: { id, time, type, content },
  mark,
  current,
}: {
  task: string
  entry: TaskLogEntry
  mark: string
  current: boolean
}) {
  const zone = useZone()
  const isInput = type === 'input'
  return (
    <li
      aria-current={current ? 'true' : undefined}
      className={`flex gap-3 px-3 py-1.5 ${isInput ? 'bg-sunken' : ''} ${current ? 'outline-2 -outline-offset-2 outline-link' : ''}`}
    >
      <Link
        to="/tasks/$task"
        params={{ task }}
        search={(old) => ({ ...old, at: String(id) })}
        replace
        resetScroll={false}
        className="num min-h-6 shrink-0 text-xs leading-6 text-muted hover:text-link hover:underline"
        title="Link to this entry"
      >
        <time dateTime={time}>{clockTime(new Date(time), zone)}</time>
      </Link>
      <div className="min-w-0 flex-1">
        <p className={`text-xs font-medium ${isInput ? 'text-ok' : 'text-link'}`}>{isInput ? 'told' : 'agent'}</p>
        <HostileText text={content} mark={mark} />
      </div>
    </li>
  )
})

/** Keeps the end in view while it is followed, however the last entry grows. */
function useEnd(list: RefObject<HTMLOListElement | null>, follow: boolean, entries: readonly TaskLogEntry[]): void {
  const size = entries.length + (entries.at(-1)?.content.length ?? 0)
  useLayoutEffect(() => {
    if (follow) list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [follow, size, list])
}
