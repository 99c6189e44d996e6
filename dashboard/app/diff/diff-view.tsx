import { useMemo } from 'react'
import { HostileLine } from '../ui/hostile-text.tsx'
import { type DiffLine, lineDiff } from './line-diff.ts'

/** So many lines around a change are shown with it. */
const around = 3

const looks = {
  same: { sign: ' ', tone: '', word: '' },
  gone: { sign: '−', tone: 'bg-bad-tint text-bad', word: 'removed: ' },
  new: { sign: '+', tone: 'bg-tint text-link', word: 'added: ' },
} as const

export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  const parts = useMemo(() => folded(lineDiff(before, after)), [before, after])
  if (parts.every((part) => typeof part === 'number')) return <p className="text-muted">The texts are the same.</p>
  return (
    <div
      className="mono max-h-[32rem] overflow-auto rounded-md border border-line bg-sunken py-1 text-xs"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      {parts.map((part, at) =>
        typeof part === 'number' ? (
          <p key={at} className="px-3 py-0.5 text-muted">
            … {part} {part === 1 ? 'line' : 'lines'} as before
          </p>
        ) : (
          <p key={at} className={`flex min-w-max gap-2 px-3 ${looks[part.kind].tone}`}>
            <span aria-hidden className="num w-8 shrink-0 text-right">
              {part.after ?? part.before}
            </span>
            <span aria-hidden className="w-3 shrink-0">
              {looks[part.kind].sign}
            </span>
            <span className="whitespace-pre">
              {part.kind !== 'same' && <span className="sr-only">{looks[part.kind].word}</span>}
              <Indent text={part.text} />
              <HostileLine text={part.text} />
            </span>
          </p>
        ),
      )}
    </div>
  )
}

/** What is shown as a line is trimmed; in YAML the spaces in front mean something. */
const Indent = ({ text }: { text: string }) => /^ */.exec(text)?.[0] ?? ''

/** Lines far from every change are told as a number. */
function folded(lines: readonly DiffLine[]): readonly (DiffLine | number)[] {
  const near = new Set<number>()
  lines.forEach(({ kind }, at) => {
    if (kind !== 'same') for (let n = at - around; n <= at + around; n++) near.add(n)
  })
  const parts: (DiffLine | number)[] = []
  lines.forEach((line, at) => {
    const last = parts.at(-1)
    if (near.has(at)) parts.push(line)
    else if (typeof last === 'number') parts[parts.length - 1] = last + 1
    else parts.push(1)
  })
  return parts
}
