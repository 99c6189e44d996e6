import { Fault } from '@reeve/base'
import type { Context } from '../context.ts'
import { exitCodes } from '../failure.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { visibleLine } from '../output/visible.ts'
import { agentSettings } from './agent-settings.ts'
import { askBridge, type Verdict } from './ask-bridge.ts'
import { effectiveEnv } from './claude-settings.ts'
import { otherAgents } from './other-agents.ts'

interface Check {
  readonly check: string
  readonly result: 'ok' | 'failed' | 'skipped'
  readonly detail: string
  readonly fix: string
}

const columns: readonly Column<Check>[] = [
  { name: 'check', value: (row) => row.check, priority: 0 },
  { name: 'result', value: (row) => row.result, priority: 0, tone: (row) => toneOfResult[row.result] },
  { name: 'detail', value: (row) => row.detail, priority: 0 },
  { name: 'fix', value: (row) => row.fix, priority: 0 },
]
const toneOfResult = { ok: 'green', failed: 'red', skipped: 'dim' } as const

/** With what an agent would ask, and what is to be said of that. */
interface Settings {
  readonly url: string
  readonly token: string
  readonly checks: readonly Check[]
}

/** Looks at what an agent would use here, then asks the bridge with it. */
export async function connectCheck(context: Context, input: { readonly client: string }): Promise<Answer> {
  const agent = otherAgents.find(({ name }) => name === input.client)
  if (agent === undefined && input.client !== 'claude') {
    const known = ['claude', ...otherAgents.map(({ name }) => name)].join(', ')
    throw new Fault('invalid', `"${input.client}" cannot be checked`, { fix: `one of these can: ${known}` })
  }
  const {
    url,
    token,
    checks: found,
  } = agent === undefined ? await settingsOfClaude(context) : await settingsOf(agent, context)
  const checks = [...found]
  let exitCode = checks.some((check) => check.result === 'failed') ? 1 : 0
  if (url === '' || token === '') {
    checks.push({ check: 'bridge', result: 'skipped', detail: 'there is nothing to ask with', fix: '' })
  } else {
    const asked = agent === undefined ? undefined : { agent: agent.name, models: agent.models }
    const verdict = await askBridge(url, token, context.io.signal, asked)
    checks.push(verdict.ok ? okay('bridge', verdict.message) : failed('bridge', verdict.message, verdict.fix))
    if (!verdict.ok) exitCode = exitCodeOf(verdict)
  }
  return { ...table(checks, columns, (row) => row.check, ''), page: showChecks, exitCode }
}

async function settingsOfClaude({ io }: Context): Promise<Settings> {
  const env = await effectiveEnv(io)
  const [url, token] = [env.get('ANTHROPIC_BASE_URL'), env.get('ANTHROPIC_AUTH_TOKEN')]
  const apiKey = env.get('ANTHROPIC_API_KEY')
  const fix = 'eval "$(reeve connect claude)", or reeve connect claude --write'
  const checks = [
    url === undefined || url.value === ''
      ? failed('address', 'ANTHROPIC_BASE_URL is not set: Claude Code would not go through Reeve', fix)
      : okay('address', `${url.value}, from ${url.from}`),
    token === undefined || token.value === ''
      ? failed('token', 'ANTHROPIC_AUTH_TOKEN is not set', fix)
      : okay('token', `${hint(token.value)}, from ${token.from}`),
  ]
  if (apiKey !== undefined && apiKey.value !== '' && apiKey.value !== token?.value) {
    const detail = `ANTHROPIC_API_KEY is set too, from ${apiKey.from}: Claude Code sends both`
    checks.push(failed('other credentials', detail, 'unset it'))
  }
  return { url: url?.value ?? '', token: token?.value ?? '', checks }
}

async function settingsOf(
  { name, title, address, token }: (typeof otherAgents)[number],
  { io }: Context,
): Promise<Settings> {
  const { inUse, signIn, files } = agentSettings[name]
  const { url, token: key } = await inUse(io)
  const fix = `eval "$(reeve connect ${name})", or reeve connect ${name} --write`
  const checks = [
    url === null
      ? failed(
          'address',
          `${address} is not set, nor ${title} told in its settings: it would not go through Reeve`,
          fix,
        )
      : okay('address', `${url.value}, from ${url.from}`),
    key === null
      ? failed('token', `${token} is not set, and none is in the settings of ${title}`, fix)
      : okay('token', `${hint(key.value)}, from ${key.from}`),
  ]
  if (signIn !== undefined) {
    const { setting, wanted } = signIn
    const chosen = await signIn.chosen(io)
    const said = chosen === null ? `${setting} is not set` : `${setting} is "${chosen.value}", from ${chosen.from}`
    const isWritten = chosen === null || (await files(io)).some(({ file }) => file === chosen.from)
    const cure = isWritten ? `reeve connect ${name} --write` : `set ${setting} to "${wanted}" there`
    checks.push(
      chosen?.value === wanted
        ? okay('sign-in', `${chosen.value}, from ${chosen.from}`)
        : failed('sign-in', `${said}: ${title} would not use the token`, cure),
    )
  }
  return { url: url?.value ?? '', token: key?.value ?? '', checks }
}

const okay = (check: string, detail: string): Check => ({ check, result: 'ok', detail, fix: '' })
const failed = (check: string, detail: string, fix: string): Check => ({ check, result: 'failed', detail, fix })
const exitCodeOf = (verdict: Verdict): number => (verdict.code === 'ok' ? 0 : exitCodes[verdict.code])
const hint = (token: string): string => (token.length < 20 ? 'set' : `${token.slice(0, 6)}...${token.slice(-4)}`)

const showChecks: NonNullable<Answer<Check>['page']> = async function* (rows, { style }) {
  for await (const { check, result, detail, fix } of rows) {
    yield `${style[toneOfResult[result]](result.padEnd(8))} ${check}: ${visibleLine(detail)}\n`
    if (fix !== '') yield `${' '.repeat(8)} fix: ${visibleLine(fix)}\n`
  }
}
