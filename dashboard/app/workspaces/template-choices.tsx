import type { Fault } from '@reeve/base'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { versionFindings } from '../api/templates.ts'
import { Choice } from '../forms/field.tsx'
import { AskedFields } from './asked-fields.tsx'
import { chosenOf, fieldOf } from './parameter-field.tsx'
import { useAsked } from './use-asked.ts'

/** What a version asks of whoever makes something of it: a preset, and values for its parameters. */
export interface TemplateChoices {
  readonly ready: boolean
  /** The names of its fields in a form. */
  readonly fields: readonly string[]
  readonly chosen: (form: FormData) => {
    readonly rich_parameter_values: { name: string; value: string }[]
    readonly template_version_preset_id?: string
  }
  readonly show: (fault: Fault | null) => ReactNode
}

/** The preset that the template has as its default is chosen until another is. */
export function useTemplateChoices(version: string | null): TemplateChoices {
  const { data } = useQuery({ ...versionFindings(version ?? ''), enabled: version !== null })
  const [wanted, setWanted] = useState<string | null>(null)
  const presets = data?.presets ?? []
  const preset = presets.find(({ id, default: byDefault }) => (wanted === null ? byDefault : id === wanted))
  const known = Object.fromEntries(preset?.parameters.map(({ name, value }) => [name, value]) ?? [])
  const asked = useAsked(version, known)
  const { parameters, begins } = asked
  return {
    ready: asked.isReady,
    fields: parameters.map(({ name }) => fieldOf(name)),
    chosen: (form) => ({
      rich_parameter_values: chosenOf(form, parameters, begins),
      ...(preset === undefined ? {} : { template_version_preset_id: preset.id }),
    }),
    show: (fault) => (
      <>
        {presets.length > 0 && (
          <Choice
            label="Preset"
            name="preset"
            value={preset?.id ?? ''}
            onChange={({ target: { value } }) => {
              asked.reset()
              setWanted(value)
            }}
          >
            <option value="">none</option>
            {presets.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Choice>
        )}
        {version !== null && (
          <AskedFields asked={asked} parameters={parameters} round={`${version} ${preset?.id ?? ''}`} fault={fault} />
        )}
      </>
    ),
  }
}
