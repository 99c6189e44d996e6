import { eachEndpoint as endpoints, type RetentionPolicy } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { retentionPlan, retentionPolicies } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { PlanTable } from './plan-table.tsx'
import { classTitles, inWords, type OrganizationName } from './words.ts'

/** Another time for a class of an organization, with a dry run of what would go by it. */
export function PolicyForm({
  policy,
  organization,
  onClose,
}: {
  policy: RetentionPolicy
  organization: OrganizationName
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [kind, setKind] = useState(policy.inherited ? 'default' : policy.keep_days === 0 ? 'ever' : 'days')
  const [days, setDays] = useState(policy.keep_days === 0 ? '' : String(policy.keep_days))
  // What is no number is for the server to refuse.
  const keep_days = kind === 'default' ? null : kind === 'ever' ? 0 : days.trim() === '' ? Number.NaN : Number(days)
  const change = { data_class: policy.data_class, organization: organization.id, keep_days }
  const plan = useQuery(retentionPlan([change]))
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const reason = textOf(form, 'reason').trim()
      const body = { organization: organization.id, keep_days, ...(reason === '' ? {} : { reason }) }
      return client.call(endpoints.setRetentionPolicy, { params: { class: policy.data_class }, body })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: retentionPolicies.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title={`${classTitles[policy.data_class]} of ${organization.name}`}
      verb={isPending ? 'Setting' : 'Set'}
      wide
      busy={isPending}
      fault={fault}
      fields={['keep_days', 'reason']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice label="Keep" name="kind" value={kind} onChange={(event) => setKind(event.target.value)}>
          <option value="default">as the deployment says</option>
          <option value="days">for a number of days</option>
          <option value="ever">for ever</option>
        </Choice>
        {kind === 'days' && (
          <Field
            label="Days"
            name="keep_days"
            inputMode="numeric"
            autoComplete="off"
            value={days}
            onChange={(event) => setDays(event.target.value)}
            hint={`Now ${inWords(policy.keep_days)}`}
            fault={fault}
          />
        )}
      </div>
      <Field label="Reason" name="reason" maxLength={500} hint="Optional; it is on record" fault={fault} />
      <div className="space-y-2">
        <Button onClick={() => void plan.refetch()} disabled={plan.isFetching}>
          {plan.isFetching ? 'Counting' : 'Count what would go'}
        </Button>
        {plan.error !== null && <FaultNotice what="It could not be counted" fault={faultOf(plan.error)} />}
        {plan.data !== undefined && <PlanTable plan={plan.data} />}
      </div>
    </FormDialog>
  )
}
