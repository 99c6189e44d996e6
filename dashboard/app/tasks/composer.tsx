import { Fault, type Problem } from '@reeve/base'
import { eachEndpoint as endpoints, type Template } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { templates as templatesQuery, templateVersions } from '../api/templates.ts'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { useTemplateChoices } from '../workspaces/template-choices.tsx'
import { CountsOne } from './counts-one.tsx'

/** A task: what is to be done, of which template, with what, and how much it may take. */
export function Composer({ templateId, onClose }: { templateId: string; onClose: () => void }) {
  const { data: templates, error: unread, refetch } = useQuery(templatesQuery)
  const usable = templates?.filter(({ deprecated }) => !deprecated) ?? []
  const [wanted, setWanted] = useState(templateId)
  const template = usable.find(({ id }) => id === wanted) ?? usable[0]
  const hasAgent = useHasAgent(template)
  const choices = useTemplateChoices(hasAgent === true ? (template?.active_version_id ?? null) : null)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.createTask, {
        params: { user: 'me' },
        body: {
          input: textOf(form, 'input'),
          ...(template === undefined ? {} : { template_id: template.id }),
          ...choices.chosen(form),
          ...capsOf(form),
        },
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['tasks'] })
      await navigate({ to: '/tasks/$task', params: { task: id } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="New task"
      verb={isPending ? 'Starting' : 'Run it'}
      wide
      busy={isPending}
      ready={choices.ready}
      fault={fault}
      fields={['input', 'token_budget', 'time_limit_seconds', ...choices.fields]}
      onSubmit={mutate}
      onClose={onClose}
    >
      <LongField label="What is it to do?" name="input" rows={6} maxLength={65_536} fault={fault} />
      {unread !== null && (
        <FaultNotice what="The templates could not be read" fault={faultOf(unread)} onRetry={() => void refetch()} />
      )}
      {templates !== undefined && template === undefined && (
        <p className="text-warn">There is no template yet: reeve templates push makes one of a folder of Terraform.</p>
      )}
      {template !== undefined && (
        <Choice
          label="Template"
          name="template"
          value={template.id}
          onChange={({ target: { value } }) => setWanted(value)}
          hint={hasAgent === false ? 'Its active version has no agent for tasks in it.' : undefined}
        >
          {usable.map(({ id, name, display_name: title, active_version_name: version }) => (
            <option key={id} value={id}>
              {`${title === '' ? name : title}@${version}`}
            </option>
          ))}
        </Choice>
      )}
      {choices.show(fault)}
      <Caps fault={fault} />
      <CountsOne what="It" />
    </FormDialog>
  )
}

/** Whether its active version can have tasks; undefined until that is known. */
function useHasAgent(template: Template | undefined): boolean | undefined {
  const { data } = useQuery({ ...templateVersions(template?.id ?? ''), enabled: template !== undefined })
  return data?.find(({ id }) => id === template?.active_version_id)?.has_ai_task
}

/** Where it ends by itself, whatever it does. */
function Caps({ fault }: { fault: Fault | null }) {
  const wiring = { fault, inputMode: 'numeric', autoComplete: 'off', placeholder: 'no limit' } as const
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <Field label="Tokens at most" name="token_budget" hint="It is paused when it has used them." {...wiring} />
      <Field
        label="Minutes at most"
        name="time_limit_seconds"
        hint="It is paused when it has run so long."
        {...wiring}
      />
    </div>
  )
}

function capsOf(form: FormData): { token_budget?: number; time_limit_seconds?: number } {
  const problems: Problem[] = []
  const whole = (name: string): number | null => {
    const text = textOf(form, name).trim()
    if (!/^(?:|[1-9]\d{0,14})$/.test(text)) problems.push({ field: name, detail: 'is no whole number' })
    return text === '' ? null : Number(text)
  }
  const [tokens, minutes] = [whole('token_budget'), whole('time_limit_seconds')]
  // A limit that was mistyped is not none.
  if (problems.length > 0) throw new Fault('invalid', 'its limits cannot be read', { problems })
  return {
    ...(tokens === null ? {} : { token_budget: tokens }),
    ...(minutes === null ? {} : { time_limit_seconds: minutes * 60 }),
  }
}
