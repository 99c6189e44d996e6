import type { Fault } from '@reeve/base'
import type { TemplateVersionParameter } from '@reeve/sdk'
import { Choice, Field, LongField, textOf } from '../forms/field.tsx'
import { SeveralField } from './several-field.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What the API calls it when it refuses a value. */
export const fieldOf = (name: string): string => `rich_parameter_values.${name}`

/** One parameter of a template, asked for in the form that the template wants, as far as a value of one line goes. */
export function ParameterField({
  parameter,
  value,
  fault,
}: {
  parameter: TemplateVersionParameter
  /** What it begins with. */
  value: string
  fault: Fault | null
}) {
  const { name, display_name: shown, type, form_type: form, options, required } = parameter
  const wiring = { label: shown === '' ? name : shown, name: fieldOf(name), hint: hintOf(parameter), fault }
  if (type === 'bool' && options.length === 0) {
    return (
      <Choice {...wiring} defaultValue={value}>
        {value === '' && <option value="">{required ? 'choose' : 'as the template says'}</option>}
        <option value="true">yes</option>
        <option value="false">no</option>
      </Choice>
    )
  }
  if (options.length > 0 && !form.startsWith('multi')) {
    return (
      <Choice {...wiring} defaultValue={value}>
        {!options.some((one) => one.value === value) && <option value="">choose</option>}
        {options.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </Choice>
    )
  }
  if (options.length > 0) return <SeveralField {...wiring} options={options} value={value} />
  if (form === 'textarea') return <LongField {...wiring} rows={4} spellCheck={false} defaultValue={value} />
  return (
    <Field
      {...wiring}
      autoComplete="off"
      spellCheck={false}
      defaultValue={value}
      {...(type === 'number' && { inputMode: 'decimal' as const })}
    />
  )
}

function hintOf({
  description_plaintext: text,
  description,
  type,
  options,
  mutable,
  ...bounds
}: TemplateVersionParameter) {
  const said = text === '' ? description : text
  const { validation_min: min, validation_max: max } = bounds
  const limits = [
    min === null ? '' : `${min} at least`,
    max === null ? '' : `${max} at most`,
    type.startsWith('list') && options.length === 0 ? 'a list as JSON, as in ["a", "b"]' : '',
    mutable ? '' : 'chosen once: it stays as it is',
  ].filter((one) => one !== '')
  if (said === '' && limits.length === 0) return undefined
  return (
    <>
      <HostileLine text={said} />
      {said !== '' && limits.length > 0 && ' · '}
      {limits.join(', ')}
    </>
  )
}

/** What was chosen otherwise than it began; the rest is left to the template. */
export const chosenOf = (
  form: FormData,
  parameters: readonly TemplateVersionParameter[],
  begins: (parameter: TemplateVersionParameter) => string,
): { name: string; value: string }[] =>
  parameters
    .map((parameter) => ({
      name: parameter.name,
      value: textOf(form, fieldOf(parameter.name)),
      was: begins(parameter),
    }))
    .filter(({ value, was }) => value !== was)
    .map(({ name, value }) => ({ name, value }))
