import { ChevronDown, ChevronUp, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { IconButton } from './button.tsx'
import { exact } from './format.ts'

export interface Finding {
  readonly text: string
  onText(text: string): void
  /** How many matches there are. */
  readonly found: number
  /** Which of them is pointed at, from 0; -1 when none is. */
  readonly position: number
  onStep(by: 1 | -1): void
}

/** The search through what a page shows: `/` goes to it, Enter and Shift Enter to the next match and the one before. */
export function FindField({
  finding: { text, onText, found, position, onStep },
  where,
  counted,
  className,
}: {
  finding: Finding
  /** What is searched, as in `Search in …`. */
  where: string
  /** What stands behind the number of matches. */
  counted: string
  className?: string
}) {
  const input = useRef<HTMLInputElement>(null)
  const [draft, setDraft] = useDraft(text, onText)
  useShortcuts({ '/': () => input.current?.focus() })
  return (
    <>
      <div
        className={`flex h-8 items-center gap-1.5 rounded-md border border-control px-2 focus-within:outline-2 focus-within:outline-link ${className ?? ''}`}
      >
        <Search size={14} className="text-muted" aria-hidden />
        <input
          ref={input}
          type="search"
          aria-label={`Search in ${where}`}
          aria-keyshortcuts="/"
          placeholder={`Search in ${where} ( / )`}
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
          className="w-44 min-w-0 flex-1 bg-transparent text-sm outline-none placeholder:text-muted"
        />
      </div>
      {text !== '' && (
        <>
          <span role="status" className="num text-xs whitespace-nowrap text-muted">
            {position === -1 ? '' : `${exact(position + 1)} of `}
            {exact(found)} {counted}
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
    </>
  )
}

/** What is being typed reaches the address a moment after the last key. */
function useDraft(text: string, onText: (text: string) => void) {
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
  return [draft, setDraft] as const
}
