import { actLine, type Denial, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAccessChanged } from '../api/access-requests.ts'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { announce } from '../ui/announce.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { durations, isScope, scopes } from './durations.ts'

/** Asks for what was denied. The narrowest rule is made by the server: nothing wider can be asked for by mistake. */
export function RequestAccess({ explained, onClose }: { explained: Denial; onClose: () => void }) {
  const changed = useAccessChanged()
  const { mutate, isPending, error } = useMutation({
    mutationFn: (form: FormData) => {
      const scope = textOf(form, 'scope')
      return client.call(endpoints.createAccessRequest, {
        body: {
          denial: explained.denial,
          scope: isScope(scope) ? scope : 'session',
          duration_seconds: Number(textOf(form, 'duration_seconds')),
          reason: textOf(form, 'reason').trim(),
        },
      })
    },
    onSuccess: async () => {
      await changed()
      announce('Asked for access')
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Ask for access"
      verb={isPending ? 'Asking' : 'Ask'}
      busy={isPending}
      fault={fault}
      fields={['scope', 'duration_seconds', 'reason']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p className="mono rounded-md border border-line bg-sunken px-3 py-2 wrapped">
        <HostileLine text={actLine(explained.event)} />
      </p>
      <LongField
        label="What is it for?"
        name="reason"
        rows={3}
        required
        maxLength={500}
        hint="Whoever decides reads it, and it stays with the decision"
        fault={fault}
      />
      <Choice label="For" name="scope" defaultValue="session" fault={fault}>
        {Object.entries(scopes).map(([name, { title, hint }]) => (
          <option key={name} value={name}>
            {title}: {hint.toLowerCase()}
          </option>
        ))}
      </Choice>
      <Choice label="How long" name="duration_seconds" defaultValue="86400" fault={fault}>
        {durations.map(([seconds, title]) => (
          <option key={seconds} value={seconds}>
            {title}
          </option>
        ))}
      </Choice>
    </FormDialog>
  )
}
