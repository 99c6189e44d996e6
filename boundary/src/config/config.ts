import { Fault, type Problem, Secret } from '@reeve/base'
import type { WorkspaceAgent } from '../door/door.ts'
import { importAllowlist, type NetworkRule, type PolicyDocument, type Tier } from '@reeve/policy'
import type { CommandLine } from './command-line.ts'
import { localPolicy } from './local-policy.ts'
import { options, type OptionName } from './options.ts'
import { fromEnvironment, fromFile, fromFlags, type Given, type Source } from './sources.ts'

/** What one run of the boundary is told, from flags over variables over the file. */
export interface BoundaryConfig {
  readonly command: readonly string[]
  /** Null: the folder that it was started in. */
  readonly workspace: string | null
  /** The policy of this machine: from `--policy`, or the allow-list. Null: the control plane's alone. */
  readonly policy: { readonly label: string; readonly document: PolicyDocument } | null
  readonly observe: boolean
  readonly minTier: Tier | null
  /** Null: the strongest that works. */
  readonly tier: Tier | null
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  readonly logDir: string | null
  readonly auditLines: boolean
  /** Requests that name the session, besides what the control plane says. */
  readonly injects: readonly Pick<NetworkRule, 'host' | 'ports' | 'http'>[]
  readonly upstreamCa: string | null
  /** Names that snapshots of the workspace leave out; null: the usual ones. */
  readonly snapshotIgnore: readonly string[] | null
  readonly controlPlane: { readonly url: string; readonly token: Secret } | null
  /** The agent of the workspace that it runs in; null where it runs in none. */
  readonly workspaceAgent: WorkspaceAgent | null
  readonly configFile: string | null
  /** What was accepted and does nothing, or was mended: told once at the start. */
  readonly notes: readonly string[]
}

/** What the reading of settings may look at. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Null where there is no such file; throws where it is there and cannot be read. */
  readonly readFile: (path: string) => string | null
}

/** Reads all of it and tells everything that is wrong at once, by name. */
export function readConfig(line: CommandLine, { env, home, readFile }: Surroundings): BoundaryConfig {
  const problems: Problem[] = [...line.problems]
  const notes: string[] = []
  const flags = fromFlags(line.flags)
  const variables = fromEnvironment(env)
  const file = findFile((flags.get('config') ?? variables.get('config'))?.value, env, home, readFile, problems)
  const fromDisk = file === null ? null : fromFile(file.path, file.text)
  problems.push(...(fromDisk?.problems ?? []))
  const sources: readonly Source[] = [flags, variables, fromDisk?.source ?? new Map()]
  const settings = settingsOf(sources, problems)
  for (const { name, idle } of options) {
    const given = idle === null ? undefined : settings.given(name)
    if (given !== undefined) notes.push(`${given.from} does nothing here: ${idle}`)
  }
  const jail = settings.oneOf('jailType', ['nsjail', 'landjail'])
  const config = {
    command: line.words,
    workspace: settings.text('workspace'),
    policy: localPolicy(
      { path: settings.text('policy'), allow: [...settings.texts('allowlist'), ...settings.texts('allow')] },
      { listed: settings.given('allowlist') !== undefined, readFile, problems, notes },
    ),
    observe: settings.flag('observe'),
    minTier: tierOf(settings.oneOf('minTier', ['1', '2', '3'])),
    tier: tierOf(
      settings.oneOf('tier', ['1', '2', '3']) ?? (jail === 'nsjail' ? '1' : jail === 'landjail' ? '2' : null),
    ),
    logLevel: settings.flag('verbose') ? 'debug' : logLevel(settings.text('logLevel')),
    logDir: settings.text('logDir'),
    auditLines: !settings.flag('disableAuditLogs'),
    injects: injectsOf(
      [...settings.texts('injectTargets'), ...settings.texts('injectTarget')],
      settings.flag('sessionCorrelation'),
      env,
      problems,
    ),
    upstreamCa: settings.text('upstreamCa'),
    snapshotIgnore: settings.given('snapshotIgnore') === undefined ? null : settings.texts('snapshotIgnore'),
    controlPlane: controlPlaneOf(env, settings.flag('allowPlainHttp'), problems),
    workspaceAgent: workspaceAgentOf(env),
    configFile: file?.path ?? null,
    notes,
  } satisfies BoundaryConfig
  if (line.verb === 'run' && line.words.length === 0)
    problems.push({ field: 'command', detail: 'is missing: boundary -- <command>' })
  if (problems.length === 0 && config.policy === null && config.controlPlane === null) {
    const fix = 'give --allow, --policy or a configuration file, or sign in to a control plane'
    throw new Fault('invalid', 'There is no policy to hold.', { fix })
  }
  if (problems.length > 0) throw new Fault('invalid', 'The boundary cannot start with these settings.', { problems })
  return config
}

/** Of the places that are looked at the first that is there; a file that was named must be there. */
function findFile(
  named: unknown,
  env: Surroundings['env'],
  home: string,
  readFile: Surroundings['readFile'],
  problems: Problem[],
): { readonly path: string; readonly text: string } | null {
  // Relative paths in this variable are to be ignored, says its specification.
  const xdg = env['XDG_CONFIG_HOME']?.startsWith('/') === true ? env['XDG_CONFIG_HOME'] : null
  const folders = [...new Set([xdg, `${home}/.config`].flatMap((folder) => folder ?? []))]
  const usual = ['reeve/boundary.yaml', 'coder_boundary/config.yaml'].flatMap((name) =>
    folders.map((folder) => `${folder}/${name}`),
  )
  for (const path of typeof named === 'string' ? [named] : usual) {
    try {
      const text = readFile(path)
      if (text !== null) return { path, text }
    } catch {
      problems.push({ field: path, detail: 'cannot be read' })
      return null
    }
  }
  if (typeof named === 'string') problems.push({ field: named, detail: 'does not exist' })
  return null
}

interface Settings {
  given(name: OptionName): Given | undefined
  text(name: OptionName): string | null
  texts(name: OptionName): readonly string[]
  flag(name: OptionName): boolean
  oneOf<T extends string>(name: OptionName, of: readonly T[]): T | null
}

function settingsOf(sources: readonly Source[], problems: Problem[]): Settings {
  const given = (name: OptionName) => sources.find((source) => source.has(name))?.get(name)
  const wrong = (from: string, detail: string): null => {
    problems.push({ field: from, detail })
    return null
  }
  const text = (name: OptionName): string | null => {
    const found = given(name)
    if (found === undefined) return null
    if (typeof found.value === 'number') return String(found.value)
    if (typeof found.value !== 'string' || found.value === '') return wrong(found.from, 'must be text')
    return found.value
  }
  return {
    given,
    text,
    texts: (name) => {
      const found = given(name)
      if (found === undefined) return []
      const { value, from } = found
      if (!Array.isArray(value)) return wrong(from, 'must be a list') ?? []
      // An empty entry of Coder's means everything; the importer refuses it, so it must reach it.
      return value.flatMap((one, at) =>
        typeof one === 'string' ? one : one === null ? '' : (wrong(`${from}[${at}]`, 'must be text') ?? []),
      )
    },
    flag: (name) => {
      const found = given(name)
      if (found === undefined) return false
      if (typeof found.value === 'boolean') return found.value
      const word = String(found.value).toLowerCase()
      if (['true', '1', 't'].includes(word)) return true
      if (!['false', '0', 'f'].includes(word)) wrong(found.from, 'must be true or false')
      return false
    },
    oneOf: (name, of) => {
      const value = text(name)
      const found = of.find((one) => one === value)
      return found ?? (value === null ? null : wrong(given(name)!.from, `must be one of: ${of.join(', ')}`))
    },
  }
}

const tierOf = (text: '1' | '2' | '3' | null): Tier | null =>
  text === null ? null : text === '1' ? 1 : text === '2' ? 2 : 3

/** An unknown level is `warn`, as it is for Coder's. */
const logLevel = (text: string | null): BoundaryConfig['logLevel'] =>
  (['error', 'warn', 'info', 'debug'] as const).find((level) => level === text?.toLowerCase()) ?? 'warn'

/** Where correlation is on and nothing is named, it is the gateway of the deployment that the workspace belongs to. */
function injectsOf(
  entries: readonly string[],
  on: boolean,
  env: Surroundings['env'],
  problems: Problem[],
): BoundaryConfig['injects'] {
  const url = env['CODER_AGENT_URL'] ?? env['CODER_URL'] ?? ''
  const derived = entries.length === 0 && on && URL.canParse(url)
  const targets = derived ? [`domain=${new URL(url).hostname} path=/api/v2/aibridge/*`] : entries
  const { rules, problems: found } = importAllowlist(targets)
  for (const { level, path, message } of found) {
    if (level === 'error')
      problems.push({ field: `session_id_inject_targets${path.slice('allowlist'.length)}`, detail: message })
  }
  for (const { host, id } of rules) {
    if (host.includes('*')) problems.push({ field: `session_id_inject_targets (${id})`, detail: 'names no domain' })
  }
  return rules.map(({ host, ports, http }) => ({ host, ports, http }))
}

/** Reeve's own variables must be whole; Coder's stand in every workspace of Coder's and count only where both do. */
function controlPlaneOf(
  env: Surroundings['env'],
  allowPlainHttp: boolean,
  problems: Problem[],
): BoundaryConfig['controlPlane'] {
  const first = (...names: readonly string[]) => names.map((name) => env[name] ?? '').find((value) => value !== '')
  const url = first('REEVE_URL', 'CODER_AGENT_URL', 'CODER_URL')
  const token = first('REEVE_SESSION_TOKEN', 'CODER_SESSION_TOKEN', 'CODER_AGENT_TOKEN')
  if (url === undefined || token === undefined) {
    const missing = url === undefined ? 'REEVE_URL' : 'REEVE_SESSION_TOKEN'
    const other = url === undefined ? 'REEVE_SESSION_TOKEN' : 'REEVE_URL'
    if ((env[other] ?? '') !== '') problems.push({ field: missing, detail: `is missing, and ${other} is set` })
    return null
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    problems.push({ field: 'REEVE_URL', detail: 'is not an address' })
  else if (!allowPlainHttp && isPlain(new URL(url))) problems.push({ field: 'REEVE_URL', detail: plainHttp })
  return { url, token: new Secret(token) }
}

/** As the agent itself says it: to all that runs in the workspace, and to those that its own command starts. */
function workspaceAgentOf(env: Surroundings['env']): WorkspaceAgent | null {
  const { REEVE_AGENT_SOCKET: socket = '', REEVE_AGENT_COMMANDS: commands = '' } = env
  if (!socket.startsWith('/')) return null
  const app = env['CODER_MCP_APP_STATUS_SLUG'] ?? ''
  return { socket, app, commands: commands.split(':').filter((path) => path.startsWith('/')) }
}

const plainHttp =
  'is plain http, which shows the token to everybody on the way: give its https address, or say --allow-plain-http'

/** Where the token would leave this machine in the open. */
const isPlain = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && !/^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
