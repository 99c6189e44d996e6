import { Fault } from '@reeve/base'
import type { GroupSync, OrganizationSync, RoleSync } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { Field, FormFault, textOf } from '../forms/field.tsx'
import { Button } from '../ui/button.tsx'

export type Sync = OrganizationSync | GroupSync | RoleSync

/**
 * One kind of settings: which claim, and what its values give. It can be tried as it is written here, before it is saved.
 */
export function SyncForm<S extends Sync>({
  title,
  targets,
  settings,
  onSave,
  onTry,
}: {
  title: string
  /** What a value is mapped to: ids of groups, names of roles. */
  targets: string
  settings: S
  /** Null where the viewer may not save it. */
  onSave: ((next: S) => Promise<unknown>) | null
  /** Null where the viewer may not try it. */
  onTry: ((next: S) => Promise<unknown>) | null
}) {
  const id = useId()
  const [saved, setSaved] = useState(false)
  const { mutate, error, isPending } = useMutation({
    mutationFn: async ({ form, save }: { form: FormData; save: boolean }) => {
      const next = readForm(settings, form)
      await (save ? onSave : onTry)?.(next)
      setSaved(save)
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <form
      aria-labelledby={id}
      className="space-y-3 rounded-lg border border-line p-4"
      onSubmit={(event) => {
        event.preventDefault()
        const { submitter } = event.nativeEvent as SubmitEvent
        mutate({ form: new FormData(event.currentTarget), save: submitter?.getAttribute('value') === 'save' })
      }}
    >
      <h3 id={id} className="font-medium">
        {title}
      </h3>
      <FormFault fault={fault} fields={['field', 'regex_filter']} />
      <Field
        label="Claim"
        name="field"
        defaultValue={settings.field}
        fault={fault}
        hint="Empty: people decide, not the identity provider."
      />
      <label className="block font-medium">
        Mapping
        <textarea
          name="mapping"
          rows={4}
          defaultValue={mappingText(settings.mapping)}
          className="mono mt-1 w-full rounded-md border border-control bg-page px-2.5 py-1.5 text-sm font-normal text-text"
        />
        <span className="block text-xs font-normal text-muted">A line each: claim value = {targets}, with commas</span>
      </label>
      {'regex_filter' in settings && (
        <Field
          label="Filter"
          name="regex_filter"
          defaultValue={settings.regex_filter ?? ''}
          fault={fault}
          hint="RE2 syntax; only values in which it is found. Empty takes all."
        />
      )}
      {'auto_create_missing_groups' in settings && (
        <Check name="auto_create_missing_groups" on={settings.auto_create_missing_groups}>
          Make groups that are not there
        </Check>
      )}
      {'organization_assign_default' in settings && (
        <Check name="organization_assign_default" on={settings.organization_assign_default}>
          Everybody is in the default organization as well
        </Check>
      )}
      <div className="flex items-center gap-2">
        {onTry !== null && (
          <Button type="submit" value="try" disabled={isPending}>
            Try it
          </Button>
        )}
        {onSave !== null && (
          <Button type="submit" value="save" tone="primary" disabled={isPending}>
            Save
          </Button>
        )}
        <span role="status" className="text-muted">
          {saved && !isPending && fault === null ? 'Saved' : ''}
        </span>
      </div>
    </form>
  )
}

function Check({ name, on, children }: { name: string; on: boolean; children: string }) {
  return (
    <label className="flex items-center gap-2">
      <input type="checkbox" name={name} defaultChecked={on} /> {children}
    </label>
  )
}

const mappingText = (mapping: Sync['mapping']): string =>
  Object.entries(mapping)
    .map(([value, targets]) => `${value} = ${targets.join(', ')}`)
    .join('\n')

function readForm<S extends Sync>(settings: S, form: FormData): S {
  const filter = textOf(form, 'regex_filter')
  return {
    ...settings,
    field: textOf(form, 'field').trim(),
    mapping: readMapping(textOf(form, 'mapping')),
    ...('regex_filter' in settings ? { regex_filter: filter === '' ? null : filter } : {}),
    ...switches(settings, form, 'auto_create_missing_groups', 'organization_assign_default'),
  }
}

const switches = (settings: Sync, form: FormData, ...names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in settings).map((name) => [name, form.get(name) === 'on']))

/** A claim value may have an equals sign in it; what it is mapped to has none. */
function readMapping(text: string): Record<string, string[]> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf('=')
      if (at < 1) {
        const problems = [{ field: 'mapping', detail: `${line} is no line such as staff = auditor` }]
        throw new Fault('invalid', 'the mapping is not understood', { problems })
      }
      const targets = line.slice(at + 1).split(',')
      return [line.slice(0, at).trim(), targets.map((target) => target.trim()).filter((target) => target !== '')]
    }),
  )
}
