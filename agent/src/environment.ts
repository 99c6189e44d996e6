import { delimiter, join } from 'node:path'
import type { AgentManifest } from '@reeve/sdk'
import type { CommandFolder } from './command-folder.ts'

/**
 * The environment of everything that runs in the workspace. The template has the last word on its own names, but that
 * the path begins with the commands of the workspace, and ends with those of its scripts; the agent's token stays with
 * the agent.
 */
export function environmentOf(
  manifest: AgentManifest,
  inherited: Readonly<Record<string, string | undefined>>,
  commands: Pick<CommandFolder, 'bin' | 'scripts' | 'environment'>,
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !ownSecrets.has(name)) env[name] = value
  }
  leaveOutLibraries(env)
  // By which it got here: a template may name another way to the deployment than everybody's.
  const url = inherited['REEVE_AGENT_URL'] ?? inherited['CODER_AGENT_URL'] ?? manifest.access_url
  const { workspace_name: workspace, agent_name: agent, owner_name: owner } = manifest
  for (const prefix of ['CODER', 'REEVE']) {
    Object.assign(env, {
      [prefix]: 'true',
      [`${prefix}_AGENT_URL`]: url,
      [`${prefix}_WORKSPACE_NAME`]: workspace,
      [`${prefix}_WORKSPACE_ID`]: manifest.workspace_id,
      [`${prefix}_WORKSPACE_AGENT_NAME`]: agent,
      [`${prefix}_WORKSPACE_OWNER_NAME`]: owner,
    })
  }
  Object.assign(env, modelClients(url, manifest.gateway_token), commands.environment)
  if (manifest.port_proxy_uri !== '') env['VSCODE_PROXY_URI'] = manifest.port_proxy_uri
  if (manifest.task !== null) env['CODER_MCP_APP_STATUS_SLUG'] = manifest.task.app_slug
  for (const { name, value, merge } of manifest.env) {
    const before = env[name]
    if (merge === 'error' && before !== undefined) throw new Error(`${name} is set more than once`)
    if (before === undefined || before === '' || merge === 'replace') env[name] = value
    else env[name] = merge === 'append' ? `${before}:${value}` : `${value}:${before}`
  }
  env['PATH'] = [commands.bin, env['PATH'] ?? usualPath, join(commands.scripts, 'bin')].join(delimiter)
  return env
}

/** What the agent itself needs to start, where it came as one program, is nothing to others. */
function leaveOutLibraries(env: Record<string, string>): void {
  const { REEVE_AGENT_LIBRARIES: own, LD_LIBRARY_PATH: path = '' } = env
  if (own === undefined) return
  delete env['REEVE_AGENT_LIBRARIES']
  const others = path.split(delimiter).filter((folder) => folder !== own)
  if (others.length > 0) env['LD_LIBRARY_PATH'] = others.join(delimiter)
  else delete env['LD_LIBRARY_PATH']
}

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const ownSecrets = new Set(['CODER_AGENT_TOKEN', 'REEVE_AGENT_TOKEN'])

/** Where the clients of the providers find their models, and with what. */
function modelClients(url: string, token: string): Record<string, string> {
  const gateway = `${url.replace(/\/+$/, '')}/api/v2/ai-gateway`
  return {
    REEVE_GATEWAY_TOKEN: token,
    ANTHROPIC_BASE_URL: `${gateway}/anthropic`,
    ANTHROPIC_AUTH_TOKEN: token,
    OPENAI_BASE_URL: `${gateway}/openai/v1`,
    OPENAI_API_KEY: token,
    GOOGLE_GEMINI_BASE_URL: `${gateway}/gemini`,
    GEMINI_API_KEY: token,
  }
}
