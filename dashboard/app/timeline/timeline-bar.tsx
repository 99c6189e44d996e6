import { ChevronDown, ChevronUp, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { IconButton } from '../ui/button.tsx'
import { compact, exact } from '../ui/format.ts'
import { laneColour } from './minimap.tsx'
import { countByLane, type Lane, lanes, type Row } from './rows.ts'

/** Which lanes are on, and the search through the session. Stays in view while the events scroll. */
export function TimelineBar({
  rows,
  hidden,
  onLanes,
  text,
  onText,
  found,
  position,
  complete,
  onStep,
}: {
  rows: readonly Row[]
  hidden: ReadonlySet<Lane>
  onLanes: (hidden: ReadonlySet<Lane>) => void
  text: string
  onText: (text: string) => void
  found: number
  /** Which of the matches has the focus, from 0; -1 when none has. */
  position: number
  complete: boolean
  onStep: (by: 1 | -1) => void
}) {
  const counts = countByLane(rows)
  const input = useRef<HTMLInputElement>(null)
  const [draft, setDraft] = useState(text)
  const latest = useRef(onText)
  useEffect(() => {
    latest.current = onText
  })
  useEffect(() => setDraft(text), [text])
  useEffect(() => {
    if (draft === text) return
    const timer = setTimeout(() => latest.current(draft), 250)
    return () => clearTimeout(timer)
  }, [draft, text])
  useShortcuts({ '/': () => input.current?.focus() })

  return (
    <div className="sticky top-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-1 border-y border-line bg-page px-4 py-1.5">
      <fieldset className="flex flex-wrap items-center gap-1">
        <legend className="sr-only">Lanes</legend>
        {lanes.map((lane) => (
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
        <div className="flex h-8 items-center gap-1.5 rounded-md border border-control px-2 focus-within:outline-2 focus-within:outline-link">
          <Search size={14} className="text-muted" aria-hidden />
          <input
            ref={input}
            type="search"
            aria-label="Search in this session"
            aria-keyshortcuts="/"
            placeholder="Search in this session ( / )"
            autoComplete="off"
            spellCheck={false}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1)
              else if (event.key === 'Escape') {
                setDraft('')
                event.currentTarget.blur()
              } else return
              event.preventDefault()
            }}
            className="w-44 bg-transparent text-sm outline-none placeholder:text-muted"
          />
        </div>
        {text !== '' && (
          <>
            <span role="status" className="num text-xs whitespace-nowrap text-muted">
              {position === -1 ? '' : `${exact(position + 1)} of `}
              {exact(found)} {found === 1 ? 'match' : 'matches'}
              {complete ? '' : ' so far'}
            </span>
            <IconButton
              label="Previous match"
              shortcut="N"
              icon={<ChevronUp size={14} aria-hidden />}
              className="size-7"
              disabled={found === 0}
              onClick={() => onStep(-1)}
            />
            <IconButton
              label="Next match"
              shortcut="n"
              icon={<ChevronDown size={14} aria-hidden />}
              className="size-7"
              disabled={found === 0}
              onClick={() => onStep(1)}
            />
          </>
        )}
      </div>
    </div>
  )
}

function toggled(hidden: ReadonlySet<Lane>, lane: Lane): ReadonlySet<Lane> {
  const next = new Set(hidden)
  if (!next.delete(lane)) next.add(lane)
  return next
}
