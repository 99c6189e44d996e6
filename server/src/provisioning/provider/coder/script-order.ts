import type { Check } from '../schema.ts'
import type { DataSource } from '../definition.ts'
import { computed, listOf, optional, required } from '../schema.ts'
import { isList } from '../values.ts'
import { notEmpty, oneOf } from './checks.ts'
import { stableId, type ProviderRun } from './run.ts'

/** What its selectors mean is found out when the whole plan is known. */
const selectors: Check = (value) => {
  if (!isList(value) || value.length === 0) return 'It has to name a script or a module.'
  return value.map((one) => (typeof one === 'string' ? notEmpty(one) : null)).find((wrong) => wrong !== null) ?? null
}

export const scriptOrder: DataSource<ProviderRun> = {
  block: {
    description: 'Which scripts of an agent wait for which others.',
    attributes: { id: computed('string', 'An id of the rules.') },
    blocks: {
      rule: listOf(
        {
          description: 'Every script of `run` waits for every script of `after`.',
          attributes: {
            run: required(['list', 'string'], 'Scripts and modules by their addresses in this module.', {
              check: selectors,
            }),
            after: required(['list', 'string'], 'What they wait for, in the same way.', { check: selectors }),
            requires: optional('string', 'Whether they are left out where one of those did not succeed.', {
              default: 'success',
              check: oneOf('success', 'completion'),
            }),
            phase: optional('string', 'When all of them are run; without it, what their own blocks say.', {
              check: oneOf('start', 'stop'),
            }),
          },
          blocks: {},
        },
        0,
        1,
      ),
    },
  },
  read: (config) => ({ id: stableId('coder_script_order', JSON.stringify(config['rule'])) }),
}
