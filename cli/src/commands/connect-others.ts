import { Fault, toError } from '@reeve/base'
import type { Context } from '../context.ts'
import { type Answer, type Column, oneText } from '../output/answer.ts'
import { readStdinLines } from '../prompt.ts'
import { checkProvider, makeToken, quote } from './connect.ts'
import { type OtherAgent, opencodeProvider, otherAgents } from './other-agents.ts'

interface ConnectInput {
  readonly provider: string | undefined
  readonly write: boolean
  readonly tokenName: string | undefined
  readonly lifetime: number | undefined
  readonly tokenStdin: boolean
}

interface Connection {
  readonly base_url: string
  readonly token: string
}

const columns: readonly Column<Connection>[] = [
  { name: 'base_url', value: (row) => row.base_url, priority: 0 },
  { name: 'token', value: (row) => row.token, priority: 0 },
]

/** Shell code that sets an agent up, for eval; or the agent's own settings. */
export async function connectOther(context: Context, name: OtherAgent, input: ConnectInput): Promise<Answer> {
  const agent = otherAgents.find((one) => one.name === name)
  if (agent === undefined) throw new Fault('invalid', `"${name}" is not known`)
  const url = await context.url()
  const provider = input.provider ?? agent.provider
  const given = input.tokenStdin ? (await readStdinLines(context.io, 1, '--token-stdin'))[0]! : null
  // With a token at hand nobody has to be signed in; the bridge itself says whether it is good.
  const client = given === null ? await context.client() : null
  if (client !== null) await checkProvider(context, client, provider)
  const base_url = `${url}/api/v2/aibridge/${encodeURIComponent(provider)}${name === 'gemini' ? '' : '/v1'}`
  if (input.write) {
    return (await import('./connect-write.ts')).writeAgent(context, agent, {
      baseUrl: base_url,
      mayKeepToken: given === null && input.tokenName === undefined && input.lifetime === undefined,
      makeToken: async () => given ?? (await makeToken(context, client, input, name)),
    })
  }
  await noteSignIn(context, agent)
  const token = given ?? (await makeToken(context, client, input, name))
  if (context.io.tty.stdout)
    context.note(`run this with eval, or use --write for good: eval "$(reeve connect ${name})"`)
  const connection = { base_url, token }
  const code = [exported(agent.address, base_url), exported(agent.token, token), ...moreCode[name](connection)]
  return oneText(connection, code.join('\n'), columns, (row) => row.token)
}

const exported = (name: string, value: string): string => `export ${name}=${quote(value)}`

/** What an agent needs beside the two variables. */
const moreCode: Readonly<Record<OtherAgent, (connection: Connection) => readonly string[]>> = {
  // Codex has no variable for the address: it is told with each call.
  codex: ({ base_url }) => {
    const facts = { name: 'Reeve', base_url, env_key: 'REEVE_CODEX_TOKEN', wire_api: 'responses' }
    const table = Object.entries(facts).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    const settings = ['model_provider="reeve"', `model_providers.reeve={${table.join(',')}}`]
    const flags = settings.map((one) => `-c ${quote(one)}`).join(' ')
    return [`codex() { command codex ${flags} "$@"; }`]
  },
  gemini: () => [],
  // Its own configuration stays, and this is laid over it.
  opencode: ({ base_url }) => {
    const reeve = opencodeProvider(base_url, '{env:REEVE_OPENCODE_TOKEN}')
    const config = JSON.stringify({ provider: { reeve } })
    return [exported('OPENCODE_CONFIG_CONTENT', config)]
  },
}

/** An agent may take a token from the environment only after it was told so in its settings. */
async function noteSignIn({ io, note }: Context, { name, title }: (typeof otherAgents)[number]): Promise<void> {
  const { agentSettings } = await import('./agent-settings.ts')
  const { signIn, files } = agentSettings[name]
  if (signIn === undefined) return
  const { setting, wanted } = signIn
  // Who cannot read its settings will not start; that is not ours to stop.
  const chosen = await signIn.chosen(io).catch((thrown: unknown) => note(toError(thrown).message))
  if (chosen === undefined || chosen?.value === wanted) return
  const own = (await files(io)).find(({ secret }) => !secret)?.file ?? 'its settings'
  const said = chosen === null ? `is told so in ${own}` : `is told so in place of "${chosen.value}", in ${chosen.from}`
  note(`${title} uses the token only if it ${said}: "${setting}" has to be "${wanted}"`)
}
