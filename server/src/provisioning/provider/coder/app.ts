import { randomUUID } from 'node:crypto'
import { complaint, type Complaint } from '../complaint.ts'
import type { Resource } from '../definition.ts'
import { computed, former, optional, required, setOf, type Block } from '../schema.ts'
import { isList, rows, text, Unknown, type Row, type Value } from '../values.ts'
import { atLeast, lengthAtMost, oneOf, shown, uuid } from './checks.ts'
import type { ProviderRun } from './run.ts'

const healthcheckBlock: Block = {
  description: 'How the agent finds out whether it is ready.',
  attributes: {
    url: required('string', 'What is asked; an answer below 500 is good.'),
    interval: required('number', 'Seconds between two questions.', { check: atLeast(0) }),
    threshold: required('number', 'How many bad answers make it unhealthy.', { check: atLeast(0) }),
  },
  blocks: {},
}

export const app: Resource<ProviderRun> = {
  block: {
    description: 'Something in the workspace that people open.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
      // Required since release 0.6; templates with an older pin have none.
      slug: optional('string', 'Its name in addresses; without one, that of its block.', { check: slug }),
      display_name: optional('string', 'How it is shown.', { check: lengthAtMost(64) }),
      icon: optional('string', 'The address of an icon.'),
      command: optional('string', 'What is run in a terminal.'),
      url: optional('string', 'Where it listens in the workspace.'),
      external: optional('bool', 'Whether the browser opens url itself.', { default: false }),
      subdomain: optional('bool', 'Whether it is reached under a host name of its own.'),
      share: optional('string', 'Who may open it.', {
        default: 'owner',
        check: oneOf('owner', 'organization', 'authenticated', 'public'),
      }),
      open_in: optional('string', 'Where it opens.', { default: 'slim-window', check: oneOf('tab', 'slim-window') }),
      group: optional('string', 'The group that it is shown in.', { check: lengthAtMost(64) }),
      order: optional('number', 'Its place among the apps.'),
      hidden: optional('bool', 'Whether it is left out of the list.', { default: false }),
      tooltip: optional('string', 'What is shown beside it, as Markdown.', { check: lengthAtMost(2048) }),
      name: optional('string', 'See display_name.', { deprecated: true }),
      relative_path: former('bool'),
    },
    blocks: { healthcheck: setOf(healthcheckBlock, 1) },
    check: oneWayIn,
  },
  create: () => ({}),
}

export const aiTask: Resource<ProviderRun> = {
  block: {
    description: 'That the workspace can run tasks, and by which app.',
    attributes: {
      id: computed('string', 'The id of the task.'),
      app_id: optional('string', 'The id of the coder_app.', { derived: true, check: uuid }),
      prompt: computed('string', 'What the agent is asked to do.'),
      enabled: computed('bool', 'Whether the workspace is for a task.'),
    },
    blocks: {
      sidebar_app: setOf(
        {
          description: 'See app_id.',
          attributes: { id: required('string', 'The id of the coder_app.', { check: uuid }) },
          blocks: {},
        },
        1,
      ),
    },
    check: oneApp,
  },
  derive: (row) => ({ ...row, app_id: row['app_id'] ?? rows(row['sidebar_app'])[0]?.['id'] ?? null }),
  create: (_, { context: { task } }) => ({ id: task?.id ?? randomUUID(), ...purpose(task) }),
  // Somebody may have written another prompt while the workspace was stopped.
  refresh: (_, { context: { task } }) => purpose(task),
}

function purpose(task: ProviderRun['context']['task']): Row {
  return { prompt: task?.prompt ?? '', enabled: task !== null }
}

function slug(value: unknown): string | null {
  if (/^[a-z0-9](-?[a-z0-9])*$/.test(String(value))) return null
  return `It has to be of lower-case letters and digits, with single hyphens between them, not ${shown(String(value))}.`
}

/** What makes no sense beside what: a command has no address, and what the browser opens itself does not pass through us. */
function oneWayIn(config: Row): Complaint[] {
  const isSet = (name: string) => !isUnset(config[name])
  const found: Complaint[] = []
  if (text(config['command']) && text(config['url'])) {
    found.push(complaint(['command'], 'An app has one way in', 'Set either command or url.'))
  }
  for (const other of ['subdomain', 'healthcheck']) {
    // Releases before 2 let a command say that it has no subdomain.
    if (!text(config['command']) || !isSet(other) || config[other] === false) continue
    found.push(complaint(['command'], 'An app has one way in', `A command has no address: leave ${other} out.`))
  }
  for (const other of ['healthcheck', 'command', 'subdomain', 'share']) {
    if (!isSet('external') || !isSet(other)) continue
    const rule = `With external the browser opens url by itself: leave ${other} out.`
    found.push(complaint(['external'], 'An external app is a link', rule))
  }
  return found
}

/** A block that is not there is an empty set; what is not known yet may turn out to be unset. */
const isUnset = (value: Value | undefined): boolean =>
  (value ?? null) === null || value instanceof Unknown || (isList(value) && value.length === 0)

function oneApp(config: Row): Complaint[] {
  const sidebar = config['sidebar_app']
  const ways = Number(config['app_id'] !== null) + Number(isList(sidebar) ? sidebar.length > 0 : true)
  if (ways === 1 || (!isList(sidebar) && sidebar !== null)) return []
  const rule = ways === 0 ? 'Set app_id to the id of a coder_app.' : 'Set app_id and leave sidebar_app out.'
  return [complaint(ways === 0 ? [] : ['app_id'], 'A task has one app', rule)]
}
