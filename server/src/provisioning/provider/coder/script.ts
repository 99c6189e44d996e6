import { complaint, type Complaint } from '../complaint.ts'
import type { Resource } from '../definition.ts'
import { computed, optional, required } from '../schema.ts'
import type { Row } from '../values.ts'
import { atLeast, oneOf, variableName } from './checks.ts'
import { scriptCron } from './cron.ts'
import type { ProviderRun } from './run.ts'

export const script: Resource<ProviderRun> = {
  block: {
    description: 'What the agent runs.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
      display_name: required('string', 'How it is shown.'),
      script: required('string', 'What is run.'),
      icon: optional('string', 'The address of an icon.'),
      cron: optional('string', 'When it is run: six fields, the first for the second.', { check: scriptCron }),
      log_path: optional('string', 'The file that its output goes to.'),
      run_on_start: optional('bool', 'Whether it is run when the agent starts.', { default: false }),
      run_on_stop: optional('bool', 'Whether it is run before the agent stops.', { default: false }),
      start_blocks_login: optional('bool', 'Whether shells wait for it.', { default: false }),
      timeout: optional('number', 'Seconds after which it is ended; 0 for never.', {
        default: 0,
        check: atLeast(0),
      }),
    },
    blocks: {},
    check: triggers,
  },
  create: () => ({}),
}

function triggers({ cron, run_on_start: onStart, run_on_stop: onStop, start_blocks_login: blocks }: Row): Complaint[] {
  const never = [onStart, onStop, cron].every((trigger) => trigger === null || trigger === false || trigger === '')
  if (never) {
    const rule = 'Set at least one of run_on_start, run_on_stop and cron.'
    return [complaint([], 'The script would never run', rule)]
  }
  if (blocks !== true || (onStart !== null && onStart !== false)) return []
  const rule = 'Only a script that is run on start can be waited for: set run_on_start.'
  return [complaint(['start_blocks_login'], 'There is nothing to wait for', rule)]
}

export const env: Resource<ProviderRun> = {
  block: {
    description: 'A variable in the environment of everything that the agent starts.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
      name: required('string', 'Its name.', { check: variableName }),
      value: optional('string', 'Its value.'),
      merge_strategy: optional('string', 'What becomes of several of one name.', {
        default: 'replace',
        check: oneOf('replace', 'append', 'prepend', 'error'),
      }),
    },
    blocks: {},
  },
  create: () => ({}),
}
