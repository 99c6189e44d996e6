import { DayOfWeek, eachEndpoint as endpoints, PortShareLevel, type Template } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Choice, Field, FormFault } from '../forms/field.tsx'
import { announce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { lengths, settingsOf, switches, texts } from './settings-form.ts'
import { shareWords } from './times.tsx'

const fields = [...texts, ...lengths.map(({ name }) => name)]

/** What is said of a template, and when its workspaces start, stop and go by themselves. */
export function TemplateSettings({ template, mayDelete }: { template: Template; mayDelete: boolean }) {
  const queries = useQueryClient()
  const [removing, setRemoving] = useState(false)
  // As the fields were filled in: what somebody else changes meanwhile is not put back.
  const [before, setBefore] = useState(template)
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: async (form: FormData) => {
      const body = settingsOf(form, before)
      if (Object.keys(body).length > 0)
        setBefore(await client.call(endpoints.updateTemplate, { params: { template: template.id }, body }))
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['templates'] })
      announce('Saved')
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <>
      <form
        noValidate
        aria-label="Settings"
        className="max-w-3xl space-y-6"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(new FormData(event.currentTarget))
        }}
      >
        <FormFault fault={fault} fields={fields} />
        <fieldset className="grid gap-4 sm:grid-cols-2">
          <legend className="sr-only">What is said of it</legend>
          <Field label="Title" name="display_name" maxLength={64} defaultValue={template.display_name} fault={fault} />
          <Field
            label="Picture"
            name="icon"
            maxLength={256}
            spellCheck={false}
            defaultValue={template.icon}
            hint="An address, for programs that show one"
            fault={fault}
          />
          <Field
            label="Description"
            name="description"
            maxLength={128}
            defaultValue={template.description}
            fault={fault}
          />
          <Field
            label="No longer to be used because"
            name="deprecation_message"
            maxLength={500}
            defaultValue={template.deprecation_message}
            hint="Not empty: no new workspaces are made of it"
            fault={fault}
          />
        </fieldset>
        <fieldset className="grid gap-4 sm:grid-cols-2">
          <legend className="mb-2 font-medium">When its workspaces stop and go</legend>
          {lengths.map(({ name, label, unitMs, hint }) => (
            <Field
              key={name}
              label={label}
              name={name}
              inputMode="decimal"
              defaultValue={String(template[name] / unitMs)}
              hint={hint === '' ? undefined : hint}
              fault={fault}
            />
          ))}
        </fieldset>
        <Days
          label="They may start by themselves on"
          name="autostart_days"
          held={template.autostart_requirement.days_of_week}
        />
        <div className="flex flex-wrap items-end gap-x-8 gap-y-4">
          <Days
            label="Running ones are stopped in the quiet hour of"
            name="autostop_days"
            held={template.autostop_requirement.days_of_week}
          />
          <div className="w-48">
            <Choice label="In every so many weeks" name="weeks" defaultValue={template.autostop_requirement.weeks}>
              {Array.from({ length: 16 }, (_, index) => (
                <option key={index}>{index + 1}</option>
              ))}
            </Choice>
          </div>
        </div>
        <fieldset className="space-y-1">
          <legend className="mb-2 font-medium">What else holds for them</legend>
          {switches.map(({ name, label }) => (
            <label key={name} className="flex min-h-6 items-center gap-2">
              <input type="checkbox" name={name} defaultChecked={template[name]} />
              {label}
            </label>
          ))}
          <div className="w-72 pt-2">
            <Choice
              label="Ports may be shared"
              name="max_port_share_level"
              defaultValue={template.max_port_share_level}
            >
              {PortShareLevel.options.map((level) => (
                <option key={level} value={level}>
                  {shareWords[level]}
                </option>
              ))}
            </Choice>
          </div>
        </fieldset>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" tone="primary" disabled={isPending}>
            {isPending ? 'Saving' : 'Save'}
          </Button>
          <span role="status" className="text-muted">
            {isSuccess && !isPending && 'Saved; it counts for the next start of each workspace.'}
          </span>
          {mayDelete && (
            <Button tone="quiet-danger" className="ml-auto" onClick={() => setRemoving(true)}>
              Delete the template
            </Button>
          )}
        </div>
      </form>
      {removing && <Remove template={template} onClose={() => setRemoving(false)} />}
    </>
  )
}

function Days({ label, name, held }: { label: string; name: string; held: readonly DayOfWeek[] }) {
  return (
    <fieldset>
      <legend className="mb-2 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {DayOfWeek.options.map((day) => (
          <label key={day} className="flex min-h-6 items-center gap-1.5">
            <input type="checkbox" name={name} value={day} defaultChecked={held.includes(day)} />
            <span className="capitalize">{day}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Remove({ template: { id, name }, onClose }: { template: Template; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => client.call(endpoints.deleteTemplate, { params: { template: id } }),
    onSuccess: async () => {
      await navigate({ to: '/templates' })
      await queries.invalidateQueries({ queryKey: ['templates'] })
    },
  })
  return (
    <ConfirmByName
      verb="Delete"
      name={name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>
        No workspaces or tasks can be made of it any more. Its versions, and what was built of them, stay on record.
      </p>
    </ConfirmByName>
  )
}
