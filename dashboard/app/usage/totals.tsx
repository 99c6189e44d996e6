import type { UsageCounts } from '@reeve/sdk'
import { Count } from '../ui/facts.tsx'
import { exact, plural } from '../ui/format.ts'
import { type TokenClass, tokenClasses } from './classes.ts'

/** What the period comes to: the four classes, each with its colour in the bars, and the sum that they are. */
export function Totals({ total }: { total: UsageCounts }) {
  return (
    <div className="space-y-2">
      <dl className="grid grid-cols-1 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-2 lg:grid-cols-5">
        <div className="space-y-0.5 bg-raised px-3 py-2">
          <dt className="text-muted">All tokens</dt>
          <dd className="text-xl">
            <Count value={total.total_tokens} short />
          </dd>
          <dd className="text-xs text-muted">
            {plural(total.requests, 'request')}, {exact(total.errors)} failed
          </dd>
        </div>
        {tokenClasses.map((one) => (
          <ClassTotal key={one.key} of={one} total={total} />
        ))}
      </dl>
      <p className="num text-muted">
        {tokenClasses.map(({ key }) => exact(total[key])).join(' + ')} = {exact(total.total_tokens)} tokens
      </p>
    </div>
  )
}

function ClassTotal({ of: { key, title, about, swatch, parts }, total }: { of: TokenClass; total: UsageCounts }) {
  const told = parts.filter(([part]) => total[part] > 0).map(([part, words]) => `${exact(total[part])} ${words}`)
  return (
    <div className="space-y-0.5 bg-page px-3 py-2">
      <dt className="flex items-center gap-1.5 text-muted">
        <span className={`size-2.5 shrink-0 rounded-xs ${swatch}`} aria-hidden />
        {title}
      </dt>
      <dd className="text-xl">
        <Count value={total[key]} short />{' '}
        <span className="text-sm text-muted">{share(total[key], total.total_tokens)}</span>
      </dd>
      <dd className="text-xs text-muted">{told.length === 0 ? about : `of which ${told.join(', ')}`}</dd>
    </div>
  )
}

function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100
  return part > 0 && percent < 1 ? '< 1 %' : `${Math.round(percent)} %`
}
