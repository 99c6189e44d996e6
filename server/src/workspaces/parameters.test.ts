import { expect, test } from 'vitest'
import type { Found } from '../templates/found.ts'
import { chooseParameters } from './parameters.ts'

const parameter = (name: string, more: object = {}): Found['parameters'][number] => ({
  name,
  display_name: '',
  description: '',
  description_plaintext: '',
  type: 'string',
  form_type: 'input',
  mutable: true,
  ephemeral: false,
  required: false,
  default_value: '',
  icon: '',
  options: [],
  validation_regex: '',
  validation_error: '',
  validation_min: null,
  validation_max: null,
  validation_monotonic: '',
  ...more,
})

const values = (all: Readonly<Record<string, string>> = {}) => new Map(Object.entries(all))
const none = { before: values(), settled: values() }

test('a value for what the version does not ask is refused, and so is none where one is needed', () => {
  const declared = [parameter('region', { required: true })]
  const choose = () => chooseParameters({ ...none, declared, given: values({ zone: 'n1' }) })
  expect(choose).toThrow(
    expect.objectContaining({
      problems: [expect.objectContaining({ field: expect.stringContaining('region') }), expect.anything()],
    }),
  )
})

test('where parameters depend on values, the plan decides which of them a build has', () => {
  const declared = [parameter('region'), parameter('reason', { required: true })]
  const given = values({ region: 'south', zone: 's1' })
  expect(chooseParameters({ ...none, declared, given, dynamic: true })).toEqual(given)
  const before = values({ region: 'south', zone: 's1' })
  const again = chooseParameters({ declared, before, settled: before, given: values({ zone: 's2' }), dynamic: true })
  expect(again).toEqual(values({ region: 'south', zone: 's2' }))
})

test('what is chosen once stays also where parameters depend on values', () => {
  const declared = [parameter('region', { mutable: false })]
  const settled = values({ region: 'north' })
  const given = values({ region: 'south' })
  expect(() => chooseParameters({ declared, before: settled, settled, given, dynamic: true })).toThrow()
})
