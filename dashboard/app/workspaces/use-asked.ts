import type { FormParameter, TemplateVersionParameter } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { dynamicForm, versionFindings } from '../api/templates.ts'
import { chosenOf } from './parameter-field.tsx'

type Values = Readonly<Record<string, string>>

const typingMs = 300
const nothing = { version: null, given: {} }

/**
 * What a version asks of whoever starts a workspace of it. Where that depends on what is answered, the server is asked
 * again when somebody has stopped typing; what was there last stays until it has answered.
 */
export function useAsked(version: string | null, known: Values) {
  const findings = useQuery({ ...versionFindings(version ?? ''), enabled: version !== null })
  const [typed, setTyped] = useState<{ readonly version: string | null; readonly given: Values }>(nothing)
  const given = typed.version === version ? typed.given : nothing.given
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(typing.current), [])
  const isDynamic = findings.data?.isDynamic === true
  const form = useQuery({ ...dynamicForm(version ?? '', { ...known, ...given }), enabled: isDynamic })
  const parameters = form.data?.parameters.map(asParameter) ?? findings.data?.parameters ?? []
  const values = new Map(form.data?.parameters.map(({ name, value }) => [name, value.value]))
  const begins = ({ name, default_value: byDefault }: TemplateVersionParameter): string => known[name] ?? byDefault
  const problems = [
    ...(form.data?.diagnostics ?? []),
    ...(form.data?.parameters.flatMap(({ diagnostics }) => diagnostics) ?? []).filter(
      ({ extra: { code } }) => code !== 'required',
    ),
  ]
  return {
    parameters,
    begins,
    /** What stands in a field: it goes on with something else where its value is none any more. */
    shown: (parameter: TemplateVersionParameter): string => values.get(parameter.name) ?? begins(parameter),
    isReady: findings.data !== undefined && (!isDynamic || form.data !== undefined || form.error !== null),
    error: findings.error ?? form.error,
    problems: problems.map(({ summary, detail }) => `${summary}. ${detail}`),
    refetch: () => void (findings.error === null ? form : findings).refetch(),
    /** Forgets what was typed: another preset begins anew. */
    reset: () => {
      clearTimeout(typing.current)
      setTyped(nothing)
    },
    onChange: ({ currentTarget }: FormEvent<HTMLElement>) => {
      const element = currentTarget.closest('form')
      if (!isDynamic || element === null) return
      clearTimeout(typing.current)
      typing.current = setTimeout(() => {
        const chosen = chosenOf(new FormData(element), parameters, begins)
        setTyped({ version, given: Object.fromEntries(chosen.map(({ name, value }) => [name, value])) })
      }, typingMs)
    },
  }
}

/** The same in the words of a version whose parameters do not depend on anything. */
function asParameter(one: FormParameter): TemplateVersionParameter {
  const [validation] = one.validations
  return {
    name: one.name,
    display_name: one.display_name,
    description: one.description,
    description_plaintext: one.description,
    type: one.type,
    form_type: one.form_type,
    mutable: one.mutable,
    ephemeral: one.ephemeral,
    required: one.required,
    default_value: one.default_value.value,
    icon: one.icon,
    options: one.options.map(({ name, description, value, icon }) => ({ name, description, value: value.value, icon })),
    validation_regex: validation?.validation_regex ?? '',
    validation_error: validation?.validation_error ?? '',
    validation_min: validation?.validation_min ?? null,
    validation_max: validation?.validation_max ?? null,
    validation_monotonic: validation?.validation_monotonic ?? '',
  }
}
