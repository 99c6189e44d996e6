import { type AccessRequest, type AccessRule, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAccessChanged } from '../api/access-requests.ts'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { announce } from '../ui/announce.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { durations, isScope, scopes } from './durations.ts'
import { durationText, ruleLine, scopeText } from './words.ts'

/** The four ways to answer: as it was asked, with a narrower rule, for another time, or not at all. */
export type How = 'approve' | 'narrower' | 'time' | 'decline'

const titles: Readonly<Record<How, readonly [title: string, verb: string]>> = {
  approve: ['Approve as asked', 'Approve'],
  narrower: ['Approve something narrower', 'Approve'],
  time: ['Approve for another time', 'Approve'],
  decline: ['Decline', 'Decline'],
}

export function Decide({ request, how, onClose }: { request: AccessRequest; how: How; onClose: () => void }) {
  const changed = useAccessChanged()
  const { mutate, isPending, error } = useMutation({
    mutationFn: (form: FormData) => {
      const params = { id: request.id }
      const answer = textOf(form, 'answer').trim()
      if (how === 'decline') return client.call(endpoints.declineAccessRequest, { params, body: { reason: answer } })
      return client.call(endpoints.approveAccessRequest, {
        params,
        body: { ...granted(request, how, form), ...(answer === '' ? {} : { answer }) },
      })
    },
    onSuccess: async () => {
      announce(how === 'decline' ? 'Declined' : 'Approved')
      await changed()
      onClose()
    },
  })
  const [title, verb] = titles[how]
  const fault = error === null ? null : faultOf(error)
  const name = how === 'decline' ? 'reason' : 'answer'
  return (
    <FormDialog
      title={title}
      verb={isPending ? 'Telling everybody' : verb}
      tone={how === 'decline' ? 'danger' : 'primary'}
      busy={isPending}
      fault={fault}
      fields={[name]}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p className="mono rounded-md border border-line bg-sunken px-3 py-2 wrapped">
        <HostileLine text={how === 'decline' ? request.what : ruleLine(request.rule)} />
      </p>
      {how !== 'decline' && (
        <p className="text-muted">
          For {scopeText(request.scope)}, {durationText(request.duration_seconds)}. Boundaries that run have it within
          10 seconds, and it ends by itself.
        </p>
      )}
      {how === 'narrower' && request.rule !== null && <Narrower request={request} rule={request.rule} />}
      {how === 'time' && (
        <Choice label="How long" name="duration_seconds" defaultValue={nearest(request.duration_seconds)}>
          {durations.map(([seconds, words]) => (
            <option key={seconds} value={seconds}>
              {words}
            </option>
          ))}
        </Choice>
      )}
      <LongField
        label={how === 'decline' ? 'Why not, and what to do instead' : 'A word to whoever asked'}
        name="answer"
        rows={3}
        maxLength={500}
        hint={how === 'decline' ? 'Whoever runs into the same denial is shown it' : 'Optional'}
        fault={fault}
      />
    </FormDialog>
  )
}

function Narrower({ request, rule }: { request: AccessRequest; rule: AccessRule }) {
  const plain = { autoComplete: 'off', spellCheck: false }
  return (
    <>
      <Choice label="For" name="scope" defaultValue={request.scope}>
        {Object.entries(scopes).map(([name, { title, hint }]) => (
          <option key={name} value={name}>
            {title}: {hint.toLowerCase()}
          </option>
        ))}
      </Choice>
      <Field label="Methods" name="methods" defaultValue={rule.methods.join(', ')} hint="GET, HEAD" {...plain} />
      <LongField
        label="Paths"
        name="paths"
        rows={2}
        defaultValue={rule.paths.join('\n')}
        hint="One on each line; * is one segment, ** any number"
        {...plain}
      />
    </>
  )
}

function granted(request: AccessRequest, how: How, form: FormData) {
  if (how === 'time') return { duration_seconds: Number(textOf(form, 'duration_seconds')) }
  if (how !== 'narrower' || request.rule === null) return {}
  const words = (name: string) =>
    textOf(form, name)
      .split(/[\s,]+/)
      .filter((word) => word !== '')
  const scope = textOf(form, 'scope')
  return {
    rule: { ...request.rule, methods: words('methods').map((method) => method.toUpperCase()), paths: words('paths') },
    ...(isScope(scope) ? { scope } : {}),
  }
}

/** The longest that is offered and not longer than what was asked for. */
const nearest = (seconds: number): number => durations.findLast(([each]) => each <= seconds)?.[0] ?? 3600
