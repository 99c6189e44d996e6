import type { Resource } from '../definition.ts'
import { complaint } from '../complaint.ts'
import { computed, listOf, optional, required, type Block } from '../schema.ts'
import { isList, isRow, rows, unknown, Unknown, type Row, type Value } from '../values.ts'
import { atLeast, notEmpty, repeated, shown } from './checks.ts'
import type { ProviderRun } from './run.ts'

const itemBlock: Block = {
  description: 'A line of it.',
  attributes: {
    key: required('string', 'Its name.', { check: notEmpty }),
    value: optional('string', 'What is shown.'),
    sensitive: optional('bool', 'Whether it is covered until somebody looks.', { default: false }),
    order: optional('number', 'Its place among the lines.'),
    is_null: computed('bool', 'Whether it has no value.'),
  },
  blocks: {},
}

export const metadata: Resource<ProviderRun> = {
  block: {
    description: 'What the dashboard shows of a resource.',
    attributes: {
      id: computed('string', 'Its id.'),
      resource_id: required('string', 'The id of the resource.'),
      hide: optional('bool', 'Whether the resource is left out.'),
      icon: optional('string', 'The address of an icon.'),
      daily_cost: optional('number', 'What it takes of the owner’s quota.', { check: atLeast(0) }),
    },
    blocks: { item: listOf(itemBlock) },
    check: (config) => {
      const keys = rows(config['item']).map(({ key }) => key)
      return repeated(keys).map(({ text, index }) => {
        const rule = `${shown(text)} is there more than once.`
        return complaint(['item', index, 'key'], 'The key of an item has to be unique', rule)
      })
    },
  },
  derive: (row) => ({ ...row, item: isList(row['item']) ? row['item'].map(withNullness) : (row['item'] ?? []) }),
  create: () => ({}),
}

function withNullness(item: Value): Value {
  if (!isRow(item)) return item
  return { ...item, is_null: nullness(item) }
}

function nullness({ value }: Row): Value {
  return value instanceof Unknown ? unknown : value === null
}
