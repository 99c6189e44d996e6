import { randomUUID } from 'node:crypto'
import { complaint, type Complaint } from '../complaint.ts'
import type { Resource } from '../definition.ts'
import { computed, former, listOf, optional, required, secret, setOf, type Block } from '../schema.ts'
import { rows, text, type Row } from '../values.ts'
import { absolutePath, atLeast, between, link, notEmpty, oneOf, repeated, shown } from './checks.ts'
import type { ProviderRun } from './run.ts'

const displayAppsBlock: Block = {
  description: 'Which ways in the dashboard offers.',
  attributes: {
    vscode: optional('bool', 'VS Code on the desktop.', { default: true }),
    vscode_insiders: optional('bool', 'VS Code Insiders on the desktop.', { default: false }),
    web_terminal: optional('bool', 'The terminal in the browser.', { default: true }),
    ssh_helper: optional('bool', 'How to connect with SSH.', { default: true }),
    port_forwarding_helper: optional('bool', 'The list of ports.', { default: true }),
  },
  blocks: {},
}

const metadataBlock: Block = {
  description: 'A fact about the workspace that the agent finds out again and again.',
  attributes: {
    key: required('string', 'Its name.', { check: notEmpty }),
    display_name: optional('string', 'How it is shown.'),
    script: required('string', 'What is run to find it out.'),
    interval: required('number', 'Seconds between two runs.', { check: atLeast(0) }),
    timeout: optional('number', 'Seconds after which a run is ended.', { check: atLeast(0) }),
    order: optional('number', 'Its place among them.'),
  },
  blocks: {},
}

const enabled = required('bool', 'Whether it is watched.')
const threshold = required('number', 'The percentage from which on it is told.', { check: between(0, 100) })

const monitoringBlock: Block = {
  description: 'Which resources are watched.',
  attributes: {},
  blocks: {
    memory: setOf({ description: 'Memory.', attributes: { enabled, threshold }, blocks: {} }, 1),
    volume: setOf({
      description: 'A disk.',
      attributes: { path: required('string', 'Where it is.', { check: absolutePath }), enabled, threshold },
      blocks: {},
    }),
  },
  check: (config) =>
    repeated(rows(config['volume']).map(({ path }) => path)).map(({ text: path }) =>
      complaint(['volume'], 'A volume is watched once', `More than one has the path ${shown(path)}.`),
    ),
}

const agentBlock: Block = {
  description: 'What runs in a workspace for the control plane.',
  attributes: {
    id: computed('string', 'Its id.'),
    os: required('string', 'The operating system it runs on.', { check: oneOf('linux', 'darwin', 'windows') }),
    arch: required('string', 'The processor it runs on.', { check: oneOf('amd64', 'armv7', 'arm64') }),
    auth: optional('string', 'How it proves who it is.', {
      default: 'token',
      check: oneOf('token', 'google-instance-identity', 'aws-instance-identity', 'azure-instance-identity'),
    }),
    dir: optional('string', 'The folder that shells begin in.'),
    env: optional(['map', 'string'], 'Environment of everything that it starts.'),
    api_key_scope: optional('string', 'What its key may ask for.', {
      default: 'all',
      check: oneOf('all', 'no_user_data'),
    }),
    connection_timeout: optional('number', 'Seconds after which it counts as lost; 0 for never.', {
      default: 120,
      check: atLeast(0),
    }),
    motd_file: optional('string', 'A file that is shown at the beginning of a shell.'),
    order: optional('number', 'Its place among the agents.'),
    startup_script: optional('string', 'What it runs when it starts.'),
    startup_script_behavior: optional('string', 'Whether shells wait for the startup script.', {
      default: 'non-blocking',
      check: oneOf('blocking', 'non-blocking'),
    }),
    shutdown_script: optional('string', 'What it runs before it is stopped.'),
    troubleshooting_url: optional('string', 'Where to read what to do when it does not connect.', {
      check: link,
    }),
    token: computed('string', 'What it proves with who it is: the environment variable CODER_AGENT_TOKEN.', secret),
    init_script: computed('string', 'What starts it.'),
    login_before_ready: former('bool'),
    delay_login_until_ready: former('bool'),
    startup_script_timeout: former('number'),
    shutdown_script_timeout: former('number'),
  },
  blocks: {
    display_apps: setOf(displayAppsBlock, 1),
    metadata: listOf(metadataBlock),
    resources_monitoring: setOf(monitoringBlock, 1),
  },
  check: repeatedMetadata,
}

export const agent: Resource<ProviderRun> = {
  block: agentBlock,
  create: (planned, run) => {
    const id = randomUUID()
    return { id, ...credentials({ ...planned, id }, run) }
  },
  // A start is a new life of the agent: whatever was made with its old token is made again. A stop ends with the old one.
  refresh: (state, run) => (run.context.transition === 'start' ? credentials(state, run) : {}),
}

function credentials(row: Row, { context, accessUrl, agentToken }: ProviderRun): Row {
  const platform = { os: text(row['os']), arch: text(row['arch']), auth: text(row['auth']), accessUrl }
  return { token: agentToken(text(row['id'])), init_script: context.initScript(platform) }
}

function repeatedMetadata(config: Row): Complaint[] {
  const keys = rows(config['metadata']).map(({ key }) => key)
  return repeated(keys).map(({ text: key, index }) => {
    const rule = `${shown(key)} is there more than once.`
    return complaint(['metadata', index, 'key'], 'The key of metadata has to be unique', rule)
  })
}

export const agentInstance: Resource<ProviderRun> = {
  block: {
    description: 'The machine of a cloud that an agent proves to be.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
      instance_id: required('string', 'The id of the machine.'),
    },
    blocks: {},
  },
  create: () => ({}),
}

export const externalAgent: Resource<ProviderRun> = {
  block: {
    description: 'An agent on a machine that the template does not make.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
    },
    blocks: {},
  },
  create: () => ({}),
}

export const devcontainer: Resource<ProviderRun> = {
  block: {
    description: 'A dev container that the agent starts.',
    attributes: {
      id: computed('string', 'Its id.'),
      agent_id: required('string', 'The id of the coder_agent.'),
      workspace_folder: required('string', 'The folder with its files.', { check: notEmpty }),
      config_path: optional('string', 'Its devcontainer.json, where that is elsewhere.'),
      subagent_id: computed('string', 'The id of the agent in it.'),
    },
    blocks: {},
  },
  create: () => ({ subagent_id: randomUUID() }),
}
