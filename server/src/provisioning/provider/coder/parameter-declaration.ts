import { RE2JS } from 're2js'
import { complaint, type Complaint } from '../complaint.ts'
import { number, rows, text, Unknown, type Row } from '../values.ts'
import { quoted, repeated, shown } from './checks.ts'

export const parameterTypes = ['string', 'number', 'bool', 'list(string)'] as const
export type ParameterType = (typeof parameterTypes)[number]

/** How a parameter may be asked for; the first is what it is without a word. `error` shows only that something is wrong. */
const formTypes: Readonly<Record<ParameterType, { withOptions: readonly string[]; without: readonly string[] }>> = {
  string: { withOptions: ['radio', 'dropdown'], without: ['input', 'textarea'] },
  number: { withOptions: ['radio', 'dropdown'], without: ['input', 'slider'] },
  bool: { withOptions: ['radio', 'dropdown'], without: ['checkbox', 'switch'] },
  'list(string)': { withOptions: ['radio', 'multi-select'], without: ['tag-select'] },
}

/** The form of a parameter; empty where its type is not known. */
export function formTypeOf(config: Row): string {
  return text(config['form_type']) || (possibleForms(config)[0] ?? '')
}

export function typeOf(config: Row): ParameterType | null {
  return parameterTypes.find((type) => type === (config['type'] ?? 'string')) ?? null
}

/** What is wrong with a parameter as the template declares it, whatever its value. */
export function declarationComplaints(config: Row): Complaint[] {
  const type = typeOf(config)
  if (type === null) return []
  return [
    ...formComplaints(config, type),
    ...optionComplaints(config, type),
    ...rows(config['validation']).flatMap((validation) => validationComplaints(validation, type)),
    ...ephemeralComplaints(config),
  ]
}

function possibleForms(config: Row): readonly string[] {
  const type = typeOf(config)
  if (type === null || config['option'] instanceof Unknown) return []
  return rows(config['option']).length > 0 ? formTypes[type].withOptions : formTypes[type].without
}

function formComplaints(config: Row, type: ParameterType): Complaint[] {
  const form = text(config['form_type'])
  const possible = possibleForms(config)
  if (form === '' || form === 'error' || possible.length === 0 || possible.includes(form)) return []
  const options = rows(config['option']).length > 0 ? 'with options' : 'without options'
  const rule = `A parameter of the type ${type} ${options} has the form ${quoted(possible)}, not ${shown(form)}.`
  return [complaint(['form_type'], 'The form does not fit the parameter', rule)]
}

function optionComplaints(config: Row, type: ParameterType): Complaint[] {
  const options = rows(config['option'])
  const multiple = formTypeOf(config) === 'multi-select'
  const found: Complaint[] = []
  options.forEach((option, index) => {
    const value = option['value']
    // Several of a multi-select are chosen one by one: its options are the elements, not lists.
    const wrong = typeof value !== 'string' || multiple ? null : wrongForType(value, type)
    if (wrong !== null)
      found.push(complaint(['option', index, 'value'], 'The option does not fit the parameter', wrong))
  })
  for (const field of ['name', 'value']) {
    for (const { text: twice, index } of repeated(options.map((option) => option[field]))) {
      const rule = `More than one option has the ${field} ${shown(twice)}.`
      found.push(complaint(['option', index, field], `The ${field} of an option has to be unique`, rule))
    }
  }
  return found
}

// Templates write what Go's strconv reads.
const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const truthValues = ['true', 'True', 'TRUE', 't', 'T', '1', 'false', 'False', 'FALSE', 'f', 'F', '0']

/** Why a text is not a value of a type, or null. */
export function wrongForType(value: string, type: ParameterType): string | null {
  switch (type) {
    case 'string':
      return null
    case 'number':
      return numeral.test(value) ? null : `${shown(value)} is not a number.`
    case 'bool':
      return truthValues.includes(value) ? null : `${shown(value)} is neither true nor false.`
    case 'list(string)':
      return listOfTexts(value) === null ? `${shown(value)} is not a list of strings, written as JSON.` : null
  }
}

/** A value of the type `list(string)`, read. */
export function listOfTexts(value: string): string[] | null {
  try {
    const list: unknown = JSON.parse(value)
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : null
  } catch {
    return null
  }
}

/** Which part of a validation is for which type. */
const validates: Readonly<Record<string, ParameterType>> = {
  regex: 'string',
  min: 'number',
  max: 'number',
  monotonic: 'number',
}

function validationComplaints(validation: Row, type: ParameterType): Complaint[] {
  const found = Object.entries(validates)
    .filter(([field, its]) => (validation[field] ?? null) !== null && its !== type)
    .map(([field, its]) => {
      const rule = `Only a parameter of the type ${its} is validated with ${field}; this one has the type ${type}.`
      return complaint(['validation', 0, field], `${field} does not fit the parameter`, rule)
    })
  const { regex, error } = validation
  const [min, max] = [number(validation['min']), number(validation['max'])]
  if (min !== null && max !== null && min > max) {
    const rule = `min (${min}) has to be at most max (${max}).`
    found.push(complaint(['validation', 0, 'min'], 'No number fits', rule))
  }
  if (typeof regex !== 'string') return found
  if (error === null || error === '') {
    const rule = 'People see this message when their text does not fit: set error.'
    found.push(complaint(['validation', 0, 'regex'], 'A regex needs a message', rule))
  }
  const unreadable = wrongWithPattern(regex)
  if (unreadable !== null) found.push(complaint(['validation', 0, 'regex'], 'The regex cannot be read', unreadable))
  return found
}

function wrongWithPattern(regex: string): string | null {
  try {
    RE2JS.compile(regex)
    return null
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

function ephemeralComplaints(config: Row): Complaint[] {
  if (config['ephemeral'] !== true) return []
  const found: Complaint[] = []
  const summary = 'An ephemeral parameter has to be mutable and have a default'
  if ((config['mutable'] ?? false) === false) {
    found.push(
      complaint(['ephemeral'], summary, 'It goes back to its default with the next build: set mutable to true.'),
    )
  }
  if (config['default'] === null) {
    found.push(complaint(['ephemeral'], summary, 'It goes back to its default with the next build: set default.'))
  }
  return found
}
