import { RE2JS } from 're2js'
import { complaint, type Complaint, type Path } from '../complaint.ts'
import { number, rows, text, type Row } from '../values.ts'
import { quoted, shown } from './checks.ts'
import { formTypeOf, listOfTexts, typeOf, wrongForType, type ParameterType } from './parameter-declaration.ts'

export interface ParameterValue {
  readonly value: string
  /** Who chose it; Terraform shows the line where the template did. */
  readonly from: 'owner' | 'default'
  /** Of the build before; null where there was none. */
  readonly previous: string | null
}

/** Why a parameter cannot have a value: one reason, the first that somebody would have to do something about. */
export function valueComplaints(config: Row, { value, from, previous }: ParameterValue): Complaint[] {
  const type = typeOf(config) ?? 'string'
  const [validation] = rows(config['validation'])
  const wrong =
    typeComplaint(config, type, value) ??
    optionComplaint(config, value) ??
    (validation === undefined ? null : validationComplaint(validation, type, value, previous)) ??
    changeComplaint(config, value, previous)
  if (wrong === null) return []
  const who = `The parameter ${shown(text(config['name']))}`
  const path = wrong.path.length === 0 && from === 'default' ? ['default'] : wrong.path
  return [complaint(path, `${who} cannot be ${shown(value)}`, wrong.detail)]
}

interface Wrong {
  readonly path: Path
  readonly detail: string
}

function typeComplaint(config: Row, type: ParameterType, value: string): Wrong | null {
  const detail = wrongForType(value, type)
  if (detail === null) return null
  return { path: [], detail: `${detail} The parameter has the type ${type} and the form ${formTypeOf(config)}.` }
}

function optionComplaint(config: Row, value: string): Wrong | null {
  const options = rows(config['option']).map((option) => text(option['value']))
  if (options.length === 0) return null
  const chosen = formTypeOf(config) === 'multi-select' ? (listOfTexts(value) ?? []) : [value]
  const strange = chosen.filter((one) => !options.includes(one))
  if (strange.length === 0) return null
  return {
    path: [],
    detail: `It has to be one of its options, ${quoted(options)}; ${quoted(strange)} is none of them.`,
  }
}

function validationComplaint(
  validation: Row,
  type: ParameterType,
  value: string,
  previous: string | null,
): Wrong | null {
  const { regex, monotonic } = validation
  const [min, max] = [number(validation['min']), number(validation['max'])]
  const say = (field: string, detail: string): Wrong => {
    return { path: ['validation', 0, field], detail: ownMessage(validation, value) ?? detail }
  }
  if (type === 'string') {
    if (typeof regex !== 'string' || RE2JS.compile(regex).matcher(value).find()) return null
    return say('regex', `It has to match ${regex}.`)
  }
  if (type !== 'number') return null
  const wanted = Number(value)
  if (min !== null && wanted < min) return say('min', `It has to be at least ${min}.`)
  if (max !== null && wanted > max) return say('max', `It has to be at most ${max}.`)
  if (previous === null || wrongForType(previous, 'number') !== null) return null
  if (monotonic === 'increasing' && wanted < Number(previous)) {
    return say('monotonic', `It may only grow, and was ${previous}.`)
  }
  if (monotonic === 'decreasing' && wanted > Number(previous)) {
    return say('monotonic', `It may only shrink, and was ${previous}.`)
  }
  return null
}

function changeComplaint(config: Row, value: string, previous: string | null): Wrong | null {
  if (previous === null || previous === value || config['mutable'] === true) return null
  return { path: ['mutable'], detail: `It cannot be changed after the first build, and was ${shown(previous)}.` }
}

/** The template's own words, with the numbers in place. */
function ownMessage(validation: Row, value: string): string | null {
  const { error, min, max } = validation
  if (typeof error !== 'string' || error === '') return null
  const shownBound = (bound: unknown) => (bound === null ? '' : String(bound))
  return error
    .replaceAll('{min}', shownBound(min))
    .replaceAll('{max}', shownBound(max))
    .replaceAll('{value}', () => value)
}
