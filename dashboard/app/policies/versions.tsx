import type { BoundaryPolicyVersion } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { policyVersions } from '../api/policies.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { DiffView } from '../diff/diff-view.tsx'
import { Publish } from './publish.tsx'
import { RemovePolicy } from './remove-policy.tsx'

/** Every version with who published it and why; any two are compared, and any is brought back. */
export function Versions({
  policy,
  mayPublish,
  mayRemove,
}: {
  policy: string
  mayPublish: boolean
  mayRemove: boolean
}) {
  const { data, error, refetch } = useQuery(policyVersions(policy))
  const { from, to } = useSearch({ from: '/app/policies/$policy' })
  const navigate = useNavigate({ from: '/policies/$policy' })
  const [removing, setRemoving] = useState(false)
  const [reverting, setReverting] = useState<BoundaryPolicyVersion | null>(null)
  if (error !== null)
    return <FaultNotice what="The versions could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  const versions = data?.versions ?? []
  const [latest] = versions
  if (latest === undefined) return <p className="late text-muted">Reading the versions …</p>
  const find = (number: string | undefined) => versions.find(({ version }) => String(version) === number)
  const after = find(to) ?? latest
  const before = find(from) ?? versions.find(({ version }) => version < after.version) ?? null
  const compare = (name: 'from' | 'to', value: string) =>
    void navigate({ search: (old) => ({ ...old, [name]: value }), replace: true })
  return (
    <div className="grid gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <div className="space-y-3">
        <ol className="space-y-3" aria-label="Versions, the latest first">
          {versions.map((one) => (
            <li key={one.version} className="rounded-md border border-line px-3 py-2">
              <p className="flex flex-wrap items-baseline gap-x-3">
                <strong>Version {one.version}</strong>
                {one === latest && <span className="text-ok">in force</span>}
                {one.reverts !== null && <span className="text-muted">the text of version {one.reverts}</span>}
                {mayPublish && one !== latest && (
                  <Button tone="quiet" className="ml-auto" onClick={() => setReverting(one)}>
                    Go back to it
                  </Button>
                )}
              </p>
              <HostileText text={one.message} />
              <p className="flex flex-wrap gap-x-2 text-muted">
                {one.published_by !== null && <Person user={one.published_by} />}
                <Time at={one.published_at} />
              </p>
            </li>
          ))}
        </ol>
        {mayRemove && (
          <Button tone="quiet-danger" onClick={() => setRemoving(true)}>
            Take the policy out of force
          </Button>
        )}
      </div>
      <section aria-label="Two versions compared" className="min-w-0 space-y-3">
        <div className="flex flex-wrap gap-3">
          <Choice
            label="From"
            name="from"
            value={before === null ? '' : String(before.version)}
            onChange={({ currentTarget }) => compare('from', currentTarget.value)}
          >
            {before === null && <option value="">nothing</option>}
            {versions.map(({ version }) => (
              <option key={version} value={version}>
                version {version}
              </option>
            ))}
          </Choice>
          <Choice
            label="To"
            name="to"
            value={String(after.version)}
            onChange={({ currentTarget }) => compare('to', currentTarget.value)}
          >
            {versions.map(({ version }) => (
              <option key={version} value={version}>
                version {version}
              </option>
            ))}
          </Choice>
        </div>
        <DiffView before={before?.document ?? ''} after={after.document} label="What changed between the versions" />
      </section>
      {removing && <RemovePolicy policy={policy} onClose={() => setRemoving(false)} />}
      {reverting !== null && (
        <Publish
          policy={policy}
          version={latest.version}
          before={latest.document}
          after={reverting.document}
          reverts={reverting.version}
          onDone={() => setReverting(null)}
          onClose={() => setReverting(null)}
        />
      )}
    </div>
  )
}
