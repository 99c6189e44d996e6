import type { Config } from './config.ts'
import type { App } from './app.ts'

/** What the server says when it is ready, and when it is not going to be. */

export interface Started {
  readonly version: string
  readonly config: Config
  readonly app: App
  readonly tookMs: number
}

export function readyFacts({ version, config, app, tookMs }: Started): object {
  return {
    version,
    url: app.url,
    data_dir: config.dataDir,
    storage: config.postgresUrl === null ? 'built-in' : 'external',
    roles: rolesText(config),
    gateway_processes: config.gatewayProcesses,
    took_ms: Math.round(tookMs),
    ...(app.metricsUrl === null ? {} : { metrics_url: app.metricsUrl }),
    ...(app.setupUrl === null ? {} : { setup_url: app.setupUrl }),
  }
}

/** Everything once for a new deployment; a few lines for one that is known. */
export function readyText({ version, config, app, tookMs }: Started): string {
  const isNew = app.setupUrl !== null
  const lines = [
    `reeve ${version} · ${process.platform}/${process.arch} · data ${config.dataDir}${isNew ? ' (new)' : ''}`,
    '',
  ]
  const fact = (mark: '✓' | '!', name: string, text: string) => lines.push(`  ${mark} ${name.padEnd(12)} ${text}`)
  const free = `${(app.freeBytes / 1024 ** 3).toFixed(app.freeBytes < 10 * 1024 ** 3 ? 1 : 0)} GB free`
  fact(
    '✓',
    'storage',
    config.postgresUrl === null ? `PostgreSQL, built in, ${free}` : 'PostgreSQL of your own (REEVE_POSTGRES_URL)',
  )
  fact('✓', 'listener', `${app.url}${app.isLocalOnly ? ', this machine only' : ''}`)
  if (config.roles.control !== config.roles.gateway) fact('✓', 'role', rolesText(config))
  if (config.gatewayProcesses > 1) fact('✓', 'processes', `${config.gatewayProcesses} relay requests`)
  if (app.metricsUrl !== null) fact('✓', 'metrics', app.metricsUrl)
  if (config.accessUrl === null && isNew) {
    fact('!', 'access URL', `not set (REEVE_ACCESS_URL): agents on other machines need one`)
  } else if (config.accessUrl !== null) fact('✓', 'access URL', config.accessUrl)
  const { enabled, providers, scripted, capture } = config.bridge
  const keyed = app.providers
  const offered = scripted
    ? [...keyed, 'scripted, scripted-openai and scripted-gemini (built in, ask no model)']
    : keyed
  if (!enabled) fact('!', 'bridge', 'off (REEVE_AIBRIDGE_ENABLED)')
  else {
    const names =
      offered.length === 0 ? `none (${providers.map(({ keyEnv }) => keyEnv).join(', ')})` : offered.join(', ')
    fact(keyed.length === 0 ? '!' : '✓', 'providers', names)
    if (isNew) fact('✓', 'record', `${capture}: ${captureText[capture]}`)
  }
  if (isNew) fact('✓', 'telemetry', 'none. The only outbound connections are to the providers you configure.')
  if (isNew && config.roles.control) {
    lines.push('', '  After the setup, a first template:  ./reeve templates push --starter local-claude')
    lines.push('  and a first task of it:             ./reeve tasks create --template local-claude "..."')
  }
  if (app.setupUrl !== null) lines.push('', '  Finish the setup (valid 15 min, works once):', `    ${app.setupUrl}`)
  lines.push('', `ready in ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops the server.`, '')
  return lines.join('\n')
}

const rolesText = ({ roles }: Config): string =>
  [...(roles.control ? ['control'] : []), ...(roles.gateway ? ['gateway'] : [])].join(',')

const captureText = {
  full: 'everything that people, clients and models wrote',
  prompts: 'what people and clients wrote, not what models answered',
  metadata: 'who, when, which model and how many tokens, no content',
} as const

/** One block: what, where, what to do. */
export function problemText(
  title: string,
  problem: { message: string; fix?: string | undefined; details?: readonly string[] },
): string {
  const lines = [title, '', `  ${problem.message}`]
  for (const detail of problem.details ?? []) lines.push(`  - ${detail}`)
  if (problem.fix !== undefined) lines.push('', `  What to do: ${problem.fix}`)
  return `${lines.join('\n')}\n`
}
