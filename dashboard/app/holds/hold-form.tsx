import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { holds } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { useZone } from '../hooks/use-zone.ts'
import type { Zone } from '../ui/instant.ts'

/** A hold to place. It shows how much it covers as soon as it stands. */
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
  const fault = error === null ? null : faultOf(error)
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
    </FormDialog>
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
