import { describe, expect, test } from 'vitest'
import { buildContext } from '../../testing.ts'
import { Complaints } from '../complaint.ts'
import { withDefaults } from '../plan.ts'
import { complaintsAbout } from '../validate.ts'
import { unknown, type Row, type Value } from '../values.ts'
import { parameter } from './parameter.ts'

interface Situation {
  readonly type?: string
  readonly form?: string
  readonly given?: string
  readonly previous?: string
  readonly default?: string
  readonly options?: readonly string[]
  readonly validation?: Row
  readonly more?: Row
  readonly missing?: 'refuse' | 'placeholder'
}

describe('the value of a parameter', () => {
  test.each<[string, Situation, string]>([
    ['the default where nobody chose', { default: 'hello' }, 'hello'],
    [
      'what was chosen, over a default that does not fit',
      { given: 'c', default: 'e', validation: matching('[a-c]') },
      'c',
    ],
    ['empty, when it was chosen', { given: '', default: 'x' }, ''],
    ['a number within its bounds', { type: 'number', given: '3', validation: { min: 3, max: 3 } }, '3'],
    [
      'a number beyond 32 bits',
      { type: 'number', given: '5000000000', validation: { max: 5_000_000_000n } },
      '5000000000',
    ],
    ['a number with an exponent', { type: 'number', given: '-1.5e3' }, '-1.5e3'],
    ['a bool as Go reads it', { type: 'bool', given: 'True' }, 'True'],
    ['what a legacy variable says', { default: 'x', more: { legacy_variable: 'y' } }, 'y'],
    ['one of the options', { given: 'b', options: ['a', 'b'] }, 'b'],
    [
      'some of the options',
      { type: 'list(string)', form: 'multi-select', given: '["a","b"]', options: ['a', 'b', 'c'] },
      '["a","b"]',
    ],
    ['a list that is an option', { type: 'list(string)', default: '["a"]', options: ['["a"]', '["b"]'] }, '["a"]'],
    ['an immutable one as it was', { given: 'a', previous: 'a' }, 'a'],
    ['a mutable one changed', { given: 'b', previous: 'a', more: { mutable: true } }, 'b'],
    ['one that only grows, grown', grown('increasing', '5', '4'), '5'],
    ['one that only shrinks, the same', grown('decreasing', '4', '4'), '4'],
    ['nothing, before anybody could choose', { missing: 'placeholder' }, ''],
    ['a number that nobody could choose', { type: 'number', missing: 'placeholder', validation: { min: 5 } }, '0'],
    ['a list that nobody could choose', { type: 'list(string)', missing: 'placeholder' }, '[]'],
    ['the first option, before anybody could choose', { missing: 'placeholder', options: ['a', 'b'] }, 'a'],
  ])('may be %s', (_, situation, value) => {
    expect(read(situation)['value']).toBe(value)
  })

  test.each<[string, Situation, string]>([
    ['nothing, in a build', {}, 'The parameter "size" needs a value'],
    ['a text for a number', { type: 'number', given: 'a' }, '"a" is not a number'],
    ['an empty text for a number', { type: 'number', given: '' }, '"" is not a number'],
    ['hexadecimal', { type: 'number', given: '0x10' }, '"0x10" is not a number'],
    ['a text for a bool', { type: 'bool', given: 'yes' }, 'neither true nor false'],
    ['a text for a list', { type: 'list(string)', given: 'c' }, 'not a list of strings'],
    ['numbers for a list of texts', { type: 'list(string)', given: '[1]' }, 'not a list of strings'],
    ['none of the options', { given: 'd', options: ['a', 'b', 'c'] }, '"a", "b" or "c"; "d" is none of them'],
    ['a default that is no option', { default: 'd', options: ['a'] }, '"d" is none of them'],
    [
      'some that are no options',
      { type: 'list(string)', form: 'multi-select', given: '["a","x"]', options: ['a'] },
      '"x" is none',
    ],
    [
      'below its bounds',
      { type: 'number', given: '1', validation: { min: 2, error: '{value} < {min}, {max}' } },
      '1 < 2, ',
    ],
    ['above its bounds', { type: 'number', default: '9', validation: { max: 8 } }, 'at most 8'],
    ['not as the pattern says', { given: 'x', validation: matching('^[a-c]$') }, 'only a to c'],
    ['an immutable one changed', { given: 'b', previous: 'a' }, 'cannot be changed after the first build, and was "a"'],
    ['one that only grows, shrunk', grown('increasing', '3', '4'), 'may only grow, and was 4'],
    ['one that only shrinks, grown', grown('decreasing', '10', '9'), 'may only shrink, and was 9'],
  ])('must not be %s', (_, situation, said) => {
    expect(refusal(situation)).toContain(said)
  })

  test('shows the line of the template that set it', () => {
    expect(complained({ default: 'd', options: ['a'] })[0]?.path).toEqual(['default'])
    expect(complained({ given: 'x', validation: matching('[a-c]') })[0]?.path).toEqual(['validation', 0, 'regex'])
  })
})

describe('a parameter as it is declared', () => {
  test.each<[string, Situation, string]>([
    ['a form of another type', { type: 'bool', form: 'slider' }, '"checkbox" or "switch", not "slider"'],
    ['a form that needs options', { form: 'dropdown' }, '"input" or "textarea"'],
    [
      'a form that has no options',
      { type: 'list(string)', form: 'tag-select', options: ['["a"]'] },
      '"radio" or "multi-select"',
    ],
    ['an unknown type', { type: 'text' }, 'not "text"'],
    ['an option twice', { options: ['a', 'b', 'a'] }, 'More than one option has the value "a"'],
    ['an option of another type', { type: 'number', options: ['1', 'a'] }, '"a" is not a number'],
    ['a pattern for a number', { type: 'number', validation: matching('x') }, 'Only a parameter of the type string'],
    ['bounds for a text', { validation: { min: 1 } }, 'Only a parameter of the type number'],
    ['a pattern without a message', { validation: { regex: 'x' } }, 'set error'],
    ['a pattern that cannot be read', { validation: matching('(') }, 'missing closing )'],
    ['bounds the wrong way round', { type: 'number', validation: { min: 3, max: 2 } }, 'at most max'],
    ['an unknown direction', { type: 'number', validation: { monotonic: 'up' } }, '"increasing" or "decreasing"'],
    ['ephemeral without a default', { more: { ephemeral: true, mutable: true } }, 'set default'],
    ['ephemeral and immutable', { default: 'x', more: { ephemeral: true } }, 'set mutable'],
    ['styling that is no JSON', { more: { styling: '{' } }, 'It has to be JSON'],
    ['no name', { more: { name: ' ' } }, 'must not be empty'],
  ])('must not have %s', (_, situation, said) => {
    const found = complaintsAbout(parameter.block, config(situation))
    expect(found.map(({ detail }) => detail).join('\n')).toContain(said)
  })

  test('is left alone where it is not known yet', () => {
    const situation = { type: 'number', options: ['1'], validation: { min: unknown, monotonic: unknown } }
    expect(complaintsAbout(parameter.block, config(situation))).toEqual([])
    const later: Row = { ...config({}), type: unknown, option: unknown, default: unknown, form_type: unknown }
    expect(complaintsAbout(parameter.block, later)).toEqual([])
  })

  test.each([
    ['string', [], 'input'],
    ['string', ['a'], 'radio'],
    ['number', [], 'input'],
    ['bool', [], 'checkbox'],
    ['list(string)', [], 'tag-select'],
    ['list(string)', ['["a"]'], 'radio'],
  ])('has a form of its own accord: %s with %j is a %s', (type, options, form) => {
    expect(read({ type, options, missing: 'placeholder' })['form_type']).toBe(form)
  })
})

function config(situation: Situation): Row {
  const { type, form, options = [], validation, more } = situation
  const named = (value: string, index: number): Row => ({ name: `option ${index}`, value })
  const given: Record<string, Value> = { name: 'size', option: options.map(named) }
  given['validation'] = validation === undefined ? [] : [{ ...noValidation, ...validation }]
  if (type !== undefined) given['type'] = type
  if (form !== undefined) given['form_type'] = form
  // As Terraform sends it: with a null for everything that is not set.
  const nulls = Object.keys(parameter.block.attributes).map((name) => [name, null])
  return { ...Object.fromEntries(nulls), default: situation.default ?? null, ...given, ...more }
}

const noValidation: Row = { regex: null, error: null, min: null, max: null, monotonic: null }

function read(situation: Situation): Row {
  const { given, previous, missing = 'refuse' } = situation
  const context = buildContext({
    parameters: new Map(given === undefined ? [] : [['size', given]]),
    previousParameters: new Map(previous === undefined ? [] : [['size', previous]]),
    missingParameters: missing,
  })
  const run = { context, accessUrl: context.accessUrl, agentToken: () => '' }
  return parameter.read(withDefaults(parameter.block, config(situation)), run)
}

function complained(situation: Situation): Complaints['all'] {
  try {
    read(situation)
    return []
  } catch (thrown) {
    if (thrown instanceof Complaints) return thrown.all
    throw thrown
  }
}

function refusal(situation: Situation): string {
  return complained(situation)
    .map(({ summary, detail }) => `${summary}: ${detail}`)
    .join('\n')
}

function matching(regex: string): Row {
  return { regex, error: 'only a to c' }
}

function grown(monotonic: string, given: string, previous: string): Situation {
  return { type: 'number', given, previous, validation: { monotonic }, more: { mutable: true } }
}
