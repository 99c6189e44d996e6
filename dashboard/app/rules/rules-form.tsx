import { type AiRules, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { aiRules, holderInput, type RulesHolder } from '../api/rules.ts'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { atFields, patternsIn, patternText } from './patterns.ts'
import { RulesPreview } from './rules-preview.tsx'

/** All rules of one holder at once, as they were read: who was slower than somebody else is told so. */
export function RulesForm({ holder, rules, onClose }: { holder: RulesHolder; rules: AiRules; onClose: () => void }) {
  const queries = useQueryClient()
  const [models, setModels] = useState<Bound>(boundOf(rules.models))
  const [tools, setTools] = useState<Bound>(boundOf(rules.tools_allowed))
  const [denied, setDenied] = useState(patternText(rules.tools_denied))
  const content = {
    models: patternsOf(models),
    tools_allowed: patternsOf(tools),
    tools_denied: patternsIn(denied),
  }
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const body = { ...content, contact: textOf(form, 'contact').trim(), version: rules.version }
      return client.call(endpoints.putAiRules, { ...holderInput(holder), body })
    },
    onSuccess: (stored) => {
      queries.setQueryData(aiRules(holder).queryKey, stored)
      onClose()
    },
    onError: () => queries.invalidateQueries({ queryKey: aiRules(holder).queryKey }),
  })
  const isGroup = holder.groupId !== null
  const fault = atFields(error === null ? null : faultOf(error), content)
  return (
    <FormDialog
      title="Models and tools"
      verb={isPending ? 'Saving' : 'Save'}
      wide
      busy={isPending}
      fault={fault}
      fields={['models', 'tools_allowed', 'tools_denied', 'contact']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <BoundField
        name="models"
        label="Models that may be asked"
        these="These models"
        open={isGroup ? 'as the organization says' : 'any'}
        hint="One on each line; * stands for any characters, and provider/model is for one provider: claude-*, openai/gpt-5*"
        bound={models}
        fault={fault}
        onChange={setModels}
      />
      <RulesPreview holder={holder} models={content.models} />
      <BoundField
        name="tools_allowed"
        label="Tools that may be called"
        these="These tools"
        open="all that are not denied"
        hint="As the client calls them: Read, WebFetch, mcp__github__*"
        bound={tools}
        fault={fault}
        onChange={setTools}
      />
      <LongField
        label="Tools that are denied"
        name="tools_denied"
        rows={3}
        spellCheck={false}
        value={denied}
        hint="One on each line: Bash, mcp__*. What stands here is denied even if it is allowed above"
        fault={fault}
        onChange={({ currentTarget }) => setDenied(currentTarget.value)}
      />
      <Field
        label="Whom to ask"
        name="contact"
        autoComplete="off"
        defaultValue={rules.contact}
        hint={
          isGroup
            ? 'Ends the sentence “or ask …”. Empty: whom the organization names'
            : 'Ends the sentence “or ask …”, such as: the platform team (#ai-help). Empty: an administrator'
        }
        fault={fault}
      />
    </FormDialog>
  )
}

/** Whether there is a list, and what is typed as one: it stays while the other is looked at. */
interface Bound {
  readonly isBound: boolean
  readonly text: string
}

const boundOf = (patterns: readonly string[] | null): Bound => ({
  isBound: patterns !== null,
  text: patternText(patterns),
})
const patternsOf = ({ isBound, text }: Bound): string[] | null => (isBound ? patternsIn(text) : null)

function BoundField({
  name,
  label,
  these,
  open,
  hint,
  bound,
  fault,
  onChange,
}: {
  name: string
  label: string
  /** What the list is called. */
  these: string
  /** What holds without a list. */
  open: string
  hint: string
  bound: Bound
  fault: ReturnType<typeof atFields>
  onChange: (next: Bound) => void
}) {
  const { isBound, text } = bound
  const isEmpty = patternsIn(text).length === 0
  return (
    <div className="space-y-2">
      <Choice
        label={label}
        name={`${name}_bound`}
        value={isBound ? 'only' : 'open'}
        onChange={({ currentTarget }) => onChange({ ...bound, isBound: currentTarget.value === 'only' })}
      >
        <option value="open">{open}</option>
        <option value="only">only these</option>
      </Choice>
      {isBound && (
        <LongField
          label={these}
          name={name}
          rows={4}
          spellCheck={false}
          value={text}
          hint={isEmpty ? 'Nothing stands here, so that none is allowed' : hint}
          fault={fault}
          onChange={({ currentTarget }) => onChange({ ...bound, text: currentTarget.value })}
        />
      )}
    </div>
  )
}
