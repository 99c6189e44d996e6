import type { PolicyProblem } from '@reeve/policy'
import { type RefObject, useEffect, useId, useMemo, useRef } from 'react'

/** Lines of a document that something is about: of a rule, of a problem. */
export interface Lines {
  readonly from: number
  readonly to: number
}

/**
 * The text of a policy with the numbers of its lines, and marks where something is wrong. A plain text field: the browser's
 * own undo, search, spell and input methods work in it, and nothing that is typed waits for a parser.
 */
export function TextPane({
  text,
  problems,
  marked,
  readOnly = false,
  area,
  onChange,
  onLine,
}: {
  text: string
  problems: readonly PolicyProblem[]
  /** The lines of the rule that is chosen beside it. */
  marked: Lines | null
  readOnly?: boolean
  area: RefObject<HTMLTextAreaElement | null>
  onChange: (text: string) => void
  /** The line that the caret is on, from 1. */
  onLine: (line: number) => void
}) {
  const gutter = useRef<HTMLDivElement>(null)
  const id = useId()
  const worst = useMemo(() => worstByLine(problems), [problems])
  const count = useMemo(() => text.split('\n').length, [text])
  const tell = () => {
    const at = area.current?.selectionStart ?? 0
    onLine(text.slice(0, at).split('\n').length)
  }
  const follow = () => {
    if (gutter.current !== null && area.current !== null) gutter.current.scrollTop = area.current.scrollTop
  }
  // Another number of lines makes the field scroll without an event.
  useEffect(follow, [count, area])
  const firstError = problems.find(({ level }) => level === 'error')
  return (
    <div className="flex min-h-0 flex-1 overflow-hidden rounded-md border border-control bg-sunken focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-link">
      <div
        ref={gutter}
        aria-hidden
        className="mono w-14 shrink-0 overflow-hidden border-r border-line py-2 text-right text-muted"
      >
        {Array.from({ length: count }, (_, index) => {
          const level = worst.get(index + 1)
          const isMarked = marked !== null && index + 1 >= marked.from && index + 1 <= marked.to
          return (
            <div
              key={index}
              className={`h-5 pr-2 leading-5 ${isMarked ? 'bg-tint text-link' : ''} ${level === 'error' ? 'bg-bad-tint font-semibold text-bad' : level === 'warning' ? 'bg-warn-tint font-semibold text-warn' : ''}`}
            >
              {level === 'error' ? '✕ ' : level === 'warning' ? '! ' : ''}
              {index + 1}
            </div>
          )
        })}
        <div className="h-8" />
      </div>
      <textarea
        ref={area}
        id={id}
        aria-label="The policy as text (YAML)"
        aria-invalid={firstError !== undefined || undefined}
        readOnly={readOnly}
        wrap="off"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={text}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        onSelect={tell}
        onScroll={follow}
        className="mono block h-[32rem] min-w-0 flex-1 resize-none overflow-auto bg-transparent p-2 leading-5 text-text outline-none"
      />
    </div>
  )
}

function worstByLine(problems: readonly PolicyProblem[]): ReadonlyMap<number, PolicyProblem['level']> {
  const worst = new Map<number, PolicyProblem['level']>()
  for (const { line, level } of problems) {
    if (line !== null && worst.get(line) !== 'error') worst.set(line, level)
  }
  return worst
}

/** Puts the caret on a line and the line into view. */
export function goToLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return
  const lines = area.value.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0)
  area.focus()
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
  area.scrollTop = Math.max(0, (line - 6) * 20)
}
