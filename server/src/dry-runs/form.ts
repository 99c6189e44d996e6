import type { FormDiagnostic, FormParameter } from '@reeve/sdk'
import type { WrongValue } from '../provisioning/build-context.ts'
import type { Failure } from '../provisioning/diagnostic.ts'
import type { TemplateParameter } from '../provisioning/template.ts'

/** The form of a version, in the words of the contract. */

export interface FormInput {
  readonly declared: readonly TemplateParameter[]
  /** What a build would go by. */
  readonly values: ReadonlyMap<string, string>
  readonly given: ReadonlyMap<string, string>
  readonly wrong: ReadonlyMap<string, readonly WrongValue[]>
}

export const formOf = ({ declared, values, given, wrong }: FormInput): FormParameter[] =>
  declared
    .map((one) => parameterOf(one, values.get(one.name) ?? '', given.get(one.name), wrong.get(one.name) ?? []))
    .toSorted((one, other) => one.order - other.order)

function parameterOf(
  one: TemplateParameter,
  used: string,
  given: string | undefined,
  wrong: readonly WrongValue[],
): FormParameter {
  const isMissing = given === undefined && one.required
  const { validation } = one
  return {
    name: one.name,
    display_name: one.displayName,
    description: one.description,
    type: one.type,
    form_type: one.formType,
    styling: stylingOf(one.styling),
    mutable: one.mutable,
    ephemeral: one.ephemeral,
    required: one.required,
    order: one.order,
    icon: one.icon,
    default_value: { value: one.defaultValue, valid: !one.required },
    options: one.options.map(({ name, description, value, icon }) => ({
      name,
      description,
      value: { value, valid: true },
      icon,
    })),
    validations:
      validation === null
        ? []
        : [
            {
              validation_error: validation.error,
              validation_regex: validation.regex === '' ? null : validation.regex,
              validation_min: validation.min,
              validation_max: validation.max,
              validation_monotonic: validation.monotonic === '' ? null : validation.monotonic,
            },
          ],
    // What stands in for a choice that nobody has made yet is nobody's value.
    value: isMissing ? { value: '', valid: false } : { value: used, valid: wrong.length === 0 },
    diagnostics: [
      ...wrong.map(({ summary, detail }) => complaint(summary, detail, 'invalid_value')),
      ...(isMissing ? [complaint('A value is needed', 'The template has none for it.', 'required')] : []),
    ],
  }
}

const complaint = (summary: string, detail: string, code: string): FormDiagnostic => ({
  severity: 'error',
  summary,
  detail,
  extra: { code },
})

export const complaintsOf = ({ message, diagnostics }: Failure): FormDiagnostic[] => {
  const said = diagnostics.filter(({ severity }) => severity === 'error')
  if (said.length === 0) return [complaint(message, '', 'plan_failed')]
  return said.map(({ summary, detail }) => complaint(summary, detail, 'plan_failed'))
}

/** What a template says of how a field looks, as far as it is of the kind that it should be. */
function stylingOf(json: string): FormParameter['styling'] {
  const { placeholder, disabled, label, mask_input: mask } = Object(parsed(json))
  return {
    ...(typeof placeholder === 'string' ? { placeholder } : {}),
    ...(typeof disabled === 'boolean' ? { disabled } : {}),
    ...(typeof label === 'string' ? { label } : {}),
    ...(typeof mask === 'boolean' ? { mask_input: mask } : {}),
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
