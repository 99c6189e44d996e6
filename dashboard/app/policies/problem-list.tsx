import type { PolicyProblem } from '@reeve/policy'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { State } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

const shownMax = 50

/** What is wrong with a text, the worst first: each leads to its line. */
export function ProblemList({
  problems,
  onLine,
}: {
  problems: readonly PolicyProblem[]
  onLine: (line: number) => void
}) {
  if (problems.length === 0) return <p className="text-ok">Nothing is wrong with the text.</p>
  const sorted = problems.toSorted((a, b) => a.level.localeCompare(b.level) || (a.line ?? 0) - (b.line ?? 0))
  return (
    <ul className="divide-y divide-line">
      {sorted.slice(0, shownMax).map((problem, at) => (
        <li key={at} className="py-1.5">
          <p className="flex flex-wrap items-baseline gap-x-2">
            <Level level={problem.level} />
            {problem.line !== null && (
              <button
                type="button"
                className="min-h-6 rounded text-link underline"
                onClick={() => onLine(problem.line ?? 1)}
              >
                line {problem.line}
              </button>
            )}
            <span className="min-w-0 wrapped">
              <HostileLine text={problem.message} />
            </span>
          </p>
          {problem.fix !== null && (
            <p className="wrapped text-muted">
              <HostileLine text={problem.fix} />
            </p>
          )}
        </li>
      ))}
      {problems.length > shownMax && <li className="py-1.5 text-muted">and {problems.length - shownMax} more</li>}
    </ul>
  )
}

const Level = ({ level }: { level: PolicyProblem['level'] }) =>
  level === 'error' ? (
    <State tone="text-bad font-medium" icon={<CircleAlert size={14} aria-hidden />}>
      error
    </State>
  ) : (
    <State tone="text-warn font-medium" icon={<TriangleAlert size={14} aria-hidden />}>
      warning
    </State>
  )
