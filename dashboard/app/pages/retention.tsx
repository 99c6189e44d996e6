import { useQuery } from '@tanstack/react-query'
import { retentionPolicies } from '../api/deployment.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { Policies } from '../retention/policies.tsx'
import { DryRun } from '../retention/dry-run.tsx'
import { Receipts } from '../retention/receipts.tsx'
import { usePage } from '../shell/page.ts'
import { FaultNotice } from '../ui/notice.tsx'

/** How long what is kept, what would go, and what went. */
export function RetentionPage() {
  usePage({ title: 'Retention', cli: 'reeve retention show', api: '/api/v2/retention/policies' })
  const mayChange = useMay()('audit_log:update', 'everywhere')
  const { data, error, refetch } = useQuery(retentionPolicies)
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <div>
        <h1 className="text-lg">Retention</h1>
        <p className="text-muted">
          Days of UTC go as a whole once they are older than this. A hold keeps what it covers. A shorter time is in
          force after {data?.grace_hours ?? 24} hours, in which it can be taken back; a longer one at once.
        </p>
      </div>
      {error !== null && (
        <FaultNotice
          what="The policies could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data !== undefined && <Policies of={data} mayChange={mayChange} />}
      <DryRun mayRun={mayChange} />
      <Receipts />
    </div>
  )
}
