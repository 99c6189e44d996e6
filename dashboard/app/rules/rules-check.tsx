import { eachEndpoint as endpoints, type RulesCheck as Answer } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'

/** What the rules come to for one person: the answer is that of the function which decides each request. */
export function RulesCheck({ organizationId, onClose }: { organizationId: string; onClose: () => void }) {
  const { data, mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const [user, provider, model, tool] = ['user', 'provider', 'model', 'tool'].map((name) =>
        textOf(form, name).trim(),
      )
      const body = { organization: organizationId, user: user ?? '', provider: provider ?? '', model: model ?? '' }
      return client.call(endpoints.checkAiRules, { body: { ...body, ...(tool ? { tool } : {}) } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  const plain = { autoComplete: 'off', spellCheck: false, fault }
  return (
    <FormDialog
      title="What holds for somebody"
      verb="Ask"
      busy={false}
      fault={fault}
      fields={['user', 'provider', 'model', 'tool']}
      onSubmit={(form) => {
        if (!isPending) mutate(form)
      }}
      onClose={onClose}
    >
      <Field label="Person" name="user" defaultValue="me" hint="A username, or me" {...plain} />
      <Field label="Provider" name="provider" hint="As in the path of requests: anthropic" {...plain} />
      <Field label="Model" name="model" hint="As requests name it: claude-opus-5" {...plain} />
      <Field label="Tool" name="tool" hint="Optional, as the client calls it: Bash" {...plain} />
      <div role="status" className="space-y-2 empty:hidden">
        {data !== undefined && fault === null && !isPending && <Told answer={data} />}
      </div>
    </FormDialog>
  )
}

function Told({ answer: { decisions, groups } }: { answer: Answer }) {
  return (
    <>
      <ul className="space-y-2">
        {decisions.map(({ subject, name, allowed, rule, message }) => (
          <li key={subject} className="rounded-md border border-line px-3 py-2">
            <p>
              <strong className={allowed ? 'text-ok' : 'text-bad'}>{allowed ? 'Allowed' : 'Denied'}</strong>:{' '}
              {subject === 'model' ? 'the model' : 'the tool'} <HostileLine text={name} />
              {rule !== null && (
                <>
                  , by the <HostileLine text={rule} />
                </>
              )}
            </p>
            {message !== null && <HostileText text={message} />}
          </li>
        ))}
      </ul>
      <p className="text-muted">
        {groups.length === 0 ? (
          'In no group with rules.'
        ) : (
          <HostileLine text={`Groups with rules: ${groups.join(', ')}`} />
        )}
      </p>
    </>
  )
}
