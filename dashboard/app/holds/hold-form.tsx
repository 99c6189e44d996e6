import { eachEndpoint as endpoints, type LegalHoldCoverage } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { holds } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { useZone } from '../hooks/use-zone.ts'
import { Button } from '../ui/button.tsx'
import { Count } from '../ui/facts.tsx'
import type { Zone } from '../ui/instant.ts'

/** A hold to place. It says before how much it would cover, and its page how much it does. */
export function HoldForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const zone = useZone()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => client.call(endpoints.createLegalHold, { body: wanted(form, zone) }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: holds.queryKey })
      await navigate({ to: '/holds/$id', params: { id } })
    },
  })
  const preview = useMutation({
    mutationFn: (form: FormData) => {
      const { reason: _, ...about } = wanted(form, zone)
      return client.call(endpoints.previewLegalHold, { body: about })
    },
  })
  const refused = error ?? preview.error
  const fault = refused === null ? null : faultOf(refused)
  const times = zone === 'utc' ? 'UTC' : 'Your own time'
  return (
    <FormDialog
      title="Place a hold"
      verb={isPending ? 'Placing' : 'Place the hold'}
      busy={isPending}
      fault={fault}
      fields={['user', 'session_id', 'from', 'to', 'reason']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p className="text-muted">Each part that is given narrows it; one is enough.</p>
      <Field
        label="User"
        name="user"
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="none"
        hint="Username or id, of somebody deleted too"
        fault={fault}
      />
      <Field label="Session" name="session_id" autoComplete="off" spellCheck={false} hint="Its id" fault={fault} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="From" name="from" type="datetime-local" hint={times} fault={fault} />
        <Field label="To" name="to" type="datetime-local" hint={times} fault={fault} />
      </div>
      <Field label="Reason" name="reason" maxLength={500} hint="It is on record" fault={fault} />
      <div className="flex flex-wrap items-center gap-3">
        <Button
          disabled={preview.isPending}
          onClick={({ currentTarget: { form } }) => form !== null && preview.mutate(new FormData(form))}
        >
          Count what it would cover
        </Button>
        {preview.data !== undefined && <Covers of={preview.data.covers} />}
      </div>
    </FormDialog>
  )
}

/** Each is counted exactly up to 10,000. */
function Covers({ of }: { of: LegalHoldCoverage['covers'] }) {
  return (
    <p role="status">
      <Count value={of.interceptions} /> requests in <Count value={of.sessions} /> sessions,{' '}
      <Count value={of.audit_events} /> audit events
    </p>
  )
}

function wanted(form: FormData, zone: Zone) {
  const given = (name: string) => textOf(form, name).trim()
  const [user, session, from, to] = [given('user'), given('session_id'), given('from'), given('to')]
  return {
    reason: given('reason'),
    ...(user === '' ? {} : { user }),
    ...(session === '' ? {} : { session_id: session }),
    ...(from === '' ? {} : { from: instant(from, zone) }),
    ...(to === '' ? {} : { to: instant(to, zone) }),
  }
}

/** The browser says date and time without a zone; what is no time is for the server to refuse. */
function instant(text: string, zone: Zone): string {
  const at = new Date(zone === 'utc' ? `${text}Z` : text)
  return Number.isNaN(at.getTime()) ? text : at.toISOString()
}
