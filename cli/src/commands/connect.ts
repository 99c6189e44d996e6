import { Fault } from '@reeve/base'
import { type Client, endpoints } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, oneText } from '../output/answer.ts'
import { readStdinLines } from '../prompt.ts'
import { askBridge } from './ask-bridge.ts'
import { effectiveEnv, mergeEnv, settingsFile } from './claude-settings.ts'
import { readSettings, refuseUnwritable } from './settings-file.ts'
import { lifetimeSeconds } from './tokens.ts'

interface ConnectInput {
  readonly provider: string | undefined
  readonly print: boolean
  readonly write: boolean
  readonly scope: 'user' | 'project' | undefined
  readonly tokenName: string | undefined
  readonly lifetime: number | undefined
  readonly tokenStdin: boolean
}

/** What Claude Code is told. */
interface Connection {
  readonly ANTHROPIC_BASE_URL: string
  readonly ANTHROPIC_AUTH_TOKEN: string
  /** Emptied where one is set: Claude Code would send it beside the token, and two credentials are refused. */
  readonly ANTHROPIC_API_KEY?: ''
}

export async function connectClaude(context: Context, input: ConnectInput): Promise<Answer> {
  if (input.print && input.write) throw new Fault('invalid', '--print and --write exclude each other')
  if (input.scope !== undefined && !input.write) throw new Fault('invalid', '--scope is for --write')
  const url = await context.url()
  const provider = input.provider ?? 'anthropic'
  const baseUrl = `${url}/api/v2/aibridge/${encodeURIComponent(provider)}`
  const given = input.tokenStdin ? (await readStdinLines(context.io, 1, '--token-stdin'))[0]! : null
  // With a token at hand nobody has to be signed in; the bridge itself says whether it is good.
  const client = given === null ? await context.client() : null
  if (client !== null) await checkProvider(context, client, provider)
  return input.write ? write(context, input, baseUrl, client, given) : print(context, input, baseUrl, client, given)
}

async function print(
  context: Context,
  input: ConnectInput,
  baseUrl: string,
  client: Client | null,
  given: string | null,
): Promise<Answer> {
  for (const [name, { value, from }] of await effectiveEnv(context.io)) {
    const wins = name === 'ANTHROPIC_BASE_URL' || name === 'ANTHROPIC_AUTH_TOKEN'
    if (wins && from.startsWith('/') && value !== baseUrl)
      context.note(`warning: ${from} sets ${name}, which wins over the shell`)
  }
  const token = given ?? (await makeToken(context, client, input))
  const leftOver = (context.io.env['ANTHROPIC_API_KEY'] ?? '') !== ''
  const connection: Connection = {
    ANTHROPIC_BASE_URL: baseUrl,
    ANTHROPIC_AUTH_TOKEN: token,
    ...(leftOver ? { ANTHROPIC_API_KEY: '' as const } : {}),
  }
  const exports = Object.entries(connection).map(([name, value]) => `export ${name}=${quote(value)}`)
  if (context.io.tty.stdout) context.note('run this with eval, or use --write for good: eval "$(reeve connect claude)"')
  const columns: readonly Column<Connection>[] = [
    { name: 'base_url', value: (row) => row.ANTHROPIC_BASE_URL, priority: 0 },
    { name: 'token', value: (row) => row.ANTHROPIC_AUTH_TOKEN, priority: 0 },
  ]
  return oneText(connection, exports.join('\n'), columns, (row) => row.ANTHROPIC_AUTH_TOKEN)
}

async function write(
  context: Context,
  input: ConnectInput,
  baseUrl: string,
  client: Client | null,
  given: string | null,
): Promise<Answer> {
  const { io } = context
  const file = settingsFile(io, input.scope ?? 'user')
  // Read first: a file that cannot be merged is found before a token is made for it.
  const before = await effectiveEnv(io)
  await refuseUnwritable(await readSettings(file))
  const kept =
    given === null && input.tokenName === undefined && input.lifetime === undefined
      ? await workingToken(context, file, baseUrl, before)
      : null
  const token = given ?? kept ?? (await makeToken(context, client, input))
  const changes: Connection = {
    ANTHROPIC_BASE_URL: baseUrl,
    ANTHROPIC_AUTH_TOKEN: token,
    ...((before.get('ANTHROPIC_API_KEY')?.value ?? '') === '' ? {} : { ANTHROPIC_API_KEY: '' as const }),
  }
  const { changed, backup } = await mergeEnv(file, { ...changes }, io.clock.now())
  if (input.scope === 'project') context.note(`${file} holds a token now: keep it out of git`)
  const row = { file, backup, changed, base_url: baseUrl }
  const columns: readonly Column<typeof row>[] = [
    { name: 'file', value: (it) => it.file, priority: 0 },
    { name: 'backup', value: (it) => it.backup, priority: 0 },
    { name: 'changed', value: (it) => it.changed, priority: 0 },
    { name: 'base_url', value: (it) => it.base_url, priority: 0 },
  ]
  return one(row, columns, (it) => it.file)
}

/** A second `--write` needs no second token while the first one works. */
async function workingToken(
  context: Context,
  file: string,
  baseUrl: string,
  env: Awaited<ReturnType<typeof effectiveEnv>>,
): Promise<string | null> {
  const url = env.get('ANTHROPIC_BASE_URL')
  const token = env.get('ANTHROPIC_AUTH_TOKEN')
  if (url?.from !== file || token?.from !== file || url.value !== baseUrl) return null
  const verdict = await askBridge(url.value, token.value, context.io.signal)
  return verdict.ok ? token.value : null
}

export async function checkProvider(context: Context, client: Client, name: string): Promise<void> {
  const { enabled, providers } = await client.call(endpoints.getBridgeStatus, { signal: context.io.signal })
  if (!enabled)
    throw new Fault('conflict', 'the AI Bridge of this deployment is switched off', {
      fix: 'set REEVE_AIBRIDGE_ENABLED on the server',
    })
  const found = providers.find((provider) => provider.name === name)
  const others = providers.map((provider) => provider.name).join(', ')
  if (found === undefined) {
    throw new Fault('not_found', `the bridge has no provider "${name}"`, {
      fix: `give --provider with one of: ${others === '' ? 'none is set up' : others}`,
    })
  }
  if (!found.ready)
    context.note(`warning: ${name} is not ready: ${found.detail === '' ? 'its key is missing' : found.detail}`)
  if (found.scripted) context.note(`${name} answers from a script: no model is asked`)
}

/** A token for one kind of agent, named after it and this machine where no name is given. */
export async function makeToken(
  context: Context,
  client: Client | null,
  input: Pick<ConnectInput, 'tokenName' | 'lifetime'>,
  agent = 'claude',
): Promise<string> {
  const signedIn = client ?? (await context.client())
  const unique = crypto.randomUUID().slice(0, 6)
  const machine = context.io.hostname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  const created = await signedIn.call(endpoints.createToken, {
    params: { user: 'me' },
    body: {
      token_name: input.tokenName ?? `${agent}-${machine === '' ? '' : `${machine}-`}${unique}`,
      scope: 'gateway',
      ...(input.lifetime === undefined ? {} : { lifetime_seconds: lifetimeSeconds(input.lifetime) }),
    },
    signal: context.io.signal,
  })
  context.note(`made a token that can call models and nothing else; it works until ${created.expires_at}`)
  return created.key
}

/** For any POSIX shell: nothing inside single quotes means anything. */
export const quote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`
