import { Check, X } from 'lucide-react'
import { State } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import type { TestOutcome } from './use-checked.ts'

/** The tests that stand in the document. One that fails keeps it from being published. */
export function TestList({ tests }: { tests: readonly TestOutcome[] }) {
  if (tests.length === 0)
    return (
      <p className="text-muted">
        The text has no tests. They say what must stay allowed and what must stay denied:{' '}
        <code className="mono">{'- { request: "GET https://api.github.com/acme/x", expect: allow }'}</code>
      </p>
    )
  return (
    <ul className="divide-y divide-line">
      {tests.map(({ name, expected, got, passed }, at) => (
        <li key={at} className="flex flex-wrap items-baseline gap-x-3 py-1.5">
          {passed ? (
            <State tone="text-ok" icon={<Check size={14} aria-hidden />}>
              passes
            </State>
          ) : (
            <State tone="text-bad font-medium" icon={<X size={14} aria-hidden />}>
              fails
            </State>
          )}
          <span className="mono min-w-0 wrapped">
            <HostileLine text={name} />
          </span>
          <span className="wrapped text-muted">
            <HostileLine text={passed ? got : `expected ${expected}, got ${got}`} />
          </span>
        </li>
      ))}
    </ul>
  )
}
