import { Secret } from '@reeve/base'
import type { Instance } from './instance.ts'
import type {
  AgentApp,
  AgentDevcontainer,
  AgentEnv,
  AgentMetadata,
  AgentPlan,
  AgentScript,
  DisplayApps,
  Monitoring,
  ScriptWait,
} from './resource.ts'
import { block, blocks, flag, number, text, textMap, textOrNull, type Values } from './values.ts'

/** What belongs to an agent, besides what its own block says. */
export interface Belongings {
  readonly apps: readonly AgentApp[]
  readonly scripts: readonly AgentScript[]
  readonly envs: readonly AgentEnv[]
  readonly devcontainers: readonly AgentDevcontainer[]
  readonly instanceId: string | null
  readonly external: boolean
}

/** A `coder_agent`. */
export function agentPlan({ address, values }: Instance, name: string, belongings: Belongings): AgentPlan {
  const token = textOrNull(values['token'])
  return {
    id: textOrNull(values['id']),
    address,
    name,
    os: text(values['os']),
    arch: text(values['arch']),
    auth: text(values['auth'], 'token'),
    token: token === null ? null : new Secret(token),
    apiKeyScope: text(values['api_key_scope'], 'all'),
    connectionTimeoutSeconds: number(values['connection_timeout'], 120),
    directory: text(values['dir']),
    env: textMap(values['env']),
    motdFile: text(values['motd_file']),
    order: number(values['order']),
    startupScript: text(values['startup_script']),
    startupScriptBehavior: text(values['startup_script_behavior'], 'non-blocking'),
    shutdownScript: text(values['shutdown_script']),
    troubleshootingUrl: text(values['troubleshooting_url']),
    displayApps: displayApps(block(values['display_apps'])),
    metadata: blocks(values['metadata']).map(agentMetadata),
    monitoring: monitoring(block(values['resources_monitoring'])),
    ...belongings,
  }
}

/** Of the name of a block, as it may stand in an address. */
const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

export function agentApp({ address, name, values }: Instance): AgentApp {
  const healthcheck = block(values['healthcheck'])
  return {
    id: textOrNull(values['id']),
    address,
    slug: textOrNull(values['slug']) ?? slugOf(name),
    displayName: textOrNull(values['display_name']) ?? text(values['name']),
    command: text(values['command']),
    url: text(values['url']),
    external: flag(values['external']),
    group: text(values['group']),
    hidden: flag(values['hidden']),
    icon: text(values['icon']),
    openIn: text(values['open_in'], 'slim-window'),
    order: number(values['order']),
    share: text(values['share'], 'owner'),
    subdomain: flag(values['subdomain']),
    tooltip: text(values['tooltip']),
    healthcheck:
      healthcheck === null
        ? null
        : {
            url: text(healthcheck['url']),
            intervalSeconds: number(healthcheck['interval']),
            threshold: number(healthcheck['threshold']),
          },
  }
}

export function agentScript({ address, values }: Instance, after: readonly ScriptWait[]): AgentScript {
  return {
    id: textOrNull(values['id']),
    address,
    after,
    displayName: text(values['display_name']),
    script: text(values['script']),
    cron: text(values['cron']),
    icon: text(values['icon']),
    logPath: text(values['log_path']),
    runOnStart: flag(values['run_on_start']),
    runOnStop: flag(values['run_on_stop']),
    startBlocksLogin: flag(values['start_blocks_login']),
    timeoutSeconds: number(values['timeout']),
  }
}

export function agentEnv({ values }: Instance): AgentEnv {
  const mergeStrategy = text(values['merge_strategy'], 'replace')
  return { name: text(values['name']), value: text(values['value']), mergeStrategy }
}

export function agentDevcontainer({ name, values }: Instance): AgentDevcontainer {
  const workspaceFolder = text(values['workspace_folder'])
  return { id: textOrNull(values['id']), name, workspaceFolder, configPath: text(values['config_path']) }
}

function displayApps(values: Values | null): DisplayApps {
  return {
    vscode: flag(values?.['vscode'], true),
    vscodeInsiders: flag(values?.['vscode_insiders'], false),
    webTerminal: flag(values?.['web_terminal'], true),
    sshHelper: flag(values?.['ssh_helper'], true),
    portForwardingHelper: flag(values?.['port_forwarding_helper'], true),
  }
}

function agentMetadata(values: Values): AgentMetadata {
  return {
    key: text(values['key']),
    displayName: text(values['display_name']),
    script: text(values['script']),
    intervalSeconds: number(values['interval']),
    timeoutSeconds: number(values['timeout']),
    order: number(values['order']),
  }
}

function monitoring(values: Values | null): Monitoring {
  const bounds = (one: Values) => ({ enabled: flag(one['enabled']), threshold: number(one['threshold']) })
  const memory = block(values?.['memory'])
  return {
    memory: memory === null ? null : bounds(memory),
    volumes: blocks(values?.['volume']).map((one) => ({ path: text(one['path']), ...bounds(one) })),
  }
}
