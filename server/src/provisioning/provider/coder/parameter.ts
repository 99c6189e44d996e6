import { Complaints } from '../complaint.ts'
import type { DataSource } from '../definition.ts'
import { computed, former, listOf, optional, required, type Block } from '../schema.ts'
import { rows, text, type Row } from '../values.ts'
import { notEmpty, oneOf, shown } from './checks.ts'
import { declarationComplaints, formTypeOf, parameterTypes } from './parameter-declaration.ts'
import { valueComplaints } from './parameter-value.ts'
import { stableId, type ProviderRun } from './run.ts'

const optionBlock: Block = {
  description: 'A value to choose.',
  attributes: {
    name: required('string', 'How it is shown.'),
    value: required('string', 'What the parameter is when it is chosen.'),
    description: optional('string', 'What choosing it does.'),
    icon: optional('string', 'The address of an icon.'),
  },
  blocks: {},
}

const validationBlock: Block = {
  description: 'Which values are taken.',
  attributes: {
    regex: optional('string', 'A pattern (RE2) that has to be found in the text.'),
    error: optional('string', 'What is said otherwise; {min}, {max} and {value} stand for the numbers.'),
    min: optional('number', 'The smallest number.'),
    max: optional('number', 'The largest number.'),
    min_disabled: computed('bool', 'Whether min is left out.'),
    max_disabled: computed('bool', 'Whether max is left out.'),
    monotonic: optional('string', 'In which direction alone the number may change.', {
      check: oneOf('increasing', 'decreasing'),
    }),
  },
  blocks: {},
}

const block: Block = {
  description: 'Something that the owner of a workspace chooses.',
  attributes: {
    id: computed('string', 'An id of its name.'),
    name: required('string', 'Its name.', { check: notEmpty }),
    display_name: optional('string', 'How it is shown.'),
    description: optional('string', 'What it is for, as Markdown.'),
    type: optional('string', 'What kind of value it has.', { default: 'string', check: oneOf(...parameterTypes) }),
    form_type: optional('string', 'How it is asked for.', { derived: true }),
    styling: optional('string', 'How it looks, as JSON.', { default: '{}', check: isJson }),
    mutable: optional('bool', 'Whether it can be changed after the first build.', { default: false }),
    ephemeral: optional('bool', 'Whether it is for one build only.', { default: false }),
    default: optional('string', 'Its value where nobody has chosen.'),
    icon: optional('string', 'The address of an icon.'),
    order: optional('number', 'Its place among the parameters.'),
    optional: computed('bool', 'Whether it has a default.'),
    value: computed('string', 'Its value.'),
    priority: former('number'),
    legacy_variable: optional('string', 'Of earlier releases: goes before the default.', { deprecated: true }),
    legacy_variable_name: former('string'),
  },
  blocks: { option: listOf(optionBlock), validation: listOf(validationBlock, 1) },
  check: declarationComplaints,
}

export const parameter: DataSource<ProviderRun> = {
  block,
  read: (config, { context }) => {
    const name = text(config['name'])
    const given = context.parameters.get(name)
    const preset = config['legacy_variable'] ?? config['default'] ?? null
    const previous = context.previousParameters.get(name) ?? null
    /** The text, where it is a value of this parameter; else it is refused, or told to who wants to know. */
    const accepted = (value: unknown, from: 'owner' | 'default'): string | null => {
      if (typeof value !== 'string') return null
      const wrong = valueComplaints(config, { value, from, previous })
      if (wrong.length === 0) return value
      if (context.onWrongValue === undefined) throw new Complaints(wrong)
      for (const { summary, detail } of wrong) context.onWrongValue(name, { summary, detail })
      return null
    }
    const value = accepted(given, 'owner') ?? accepted(preset, 'default')
    if (value === null && context.missingParameters === 'refuse') {
      throw new Complaints([{ path: ['name'], summary: `The parameter ${shown(name)} needs a value`, detail: noValue }])
    }
    return {
      id: stableId('coder_parameter', name),
      form_type: formTypeOf(config),
      optional: config['default'] !== null,
      value: value ?? placeholder(config),
      validation: rows(config['validation']).map(withDisabled),
    }
  },
}

const noValue = 'It has no default, and no value was chosen for it.'

/** What goes through a plan in which nobody has chosen yet, and through the functions that templates apply to values. */
function placeholder(config: Row): string {
  const [first] = rows(config['option'])
  const type = text(config['type'])
  if (type === 'list(string)') return '[]'
  if (first !== undefined) return text(first['value'])
  return { number: '0', bool: 'false' }[type] ?? ''
}

function withDisabled(validation: Row): Row {
  return { ...validation, min_disabled: validation['min'] === null, max_disabled: validation['max'] === null }
}

function isJson(value: unknown): string | null {
  try {
    JSON.parse(String(value))
    return null
  } catch {
    return 'It has to be JSON.'
  }
}
