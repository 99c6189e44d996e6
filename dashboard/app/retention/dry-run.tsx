import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { retentionPlan, retentionReceipts } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { PlanTable } from './plan-table.tsx'

/** What would go at this moment by what is in force, and doing it now. */
export function DryRun({ mayRun }: { mayRun: boolean }) {
  const plan = useQuery(retentionPlan([]))
  const [running, setRunning] = useState(false)
  return (
    <section aria-labelledby="dry-run" className="space-y-2">
      <h2 id="dry-run" className="text-lg">
        What would go now
      </h2>
      <p className="text-muted">Each day it goes by itself. Counting removes nothing.</p>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => void plan.refetch()} disabled={plan.isFetching}>
          {plan.isFetching ? 'Counting' : 'Count it'}
        </Button>
        {mayRun && plan.data !== undefined && plan.data.portions.some(({ removed }) => removed > 0) && (
          <Button tone="danger" onClick={() => setRunning(true)}>
            Remove it now
          </Button>
        )}
      </div>
      {plan.error !== null && <FaultNotice what="It could not be counted" fault={faultOf(plan.error)} />}
      {plan.data !== undefined && <PlanTable plan={plan.data} />}
      {running && <RunNow onClose={() => setRunning(false)} onDone={() => void plan.refetch()} />}
    </section>
  )
}

function RunNow({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => client.call(endpoints.runRetention, {}),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: retentionReceipts.queryKey })
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title="Remove what is over"
      verb={isPending ? 'Removing' : 'Remove'}
      tone="danger"
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={[]}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <p>It cannot be had back. Each part leaves a signed receipt.</p>
    </FormDialog>
  )
}
