import { useLayoutEffect, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'

const shownMax = 500
const endPx = 40

interface Line {
  readonly id: number
  readonly log_level: string
  /** What said it. */
  readonly stage: string
  readonly output: string
}

/** What a job of Terraform said, or scripts of an agent, the end of it first where there is much. Whoever reads the end stays at the end. */
export function JobLog({ label, lines }: { label: string; lines: readonly Line[] | undefined }) {
  const [whole, setWhole] = useState(false)
  const list = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  const all = lines ?? []
  const hidden = whole ? 0 : Math.max(0, all.length - shownMax)
  useLayoutEffect(() => {
    if (atEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [all.length])
  return (
    <div className="space-y-1">
      {hidden > 0 && (
        <Button tone="quiet" onClick={() => setWhole(true)}>
          Show the {exact(hidden)} lines before
        </Button>
      )}
      <ol
        ref={list}
        aria-label={label}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < endPx
        }}
        className="max-h-96 overflow-auto rounded-md border border-line px-3 py-2 font-mono text-xs"
      >
        {all.slice(hidden).map((line) => (
          <li key={line.id} className={`flex gap-3 ${toneOf(line.log_level)}`}>
            <span className="max-w-40 min-w-12 shrink-0 truncate text-muted">{line.stage}</span>
            <span className="min-w-0">
              <HostileText text={line.output} />
            </span>
          </li>
        ))}
        {lines?.length === 0 && <li className="text-muted">It said nothing.</li>}
      </ol>
    </div>
  )
}

const toneOf = (level: string): string => (level === 'error' ? 'text-bad' : level === 'warn' ? 'text-warn' : '')
