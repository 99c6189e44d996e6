import { Fault } from '@reeve/base'
import type { Client } from '@reeve/sdk'
import { type Deployments, isLoopback, normalizeUrl, readDeployments, writeDeployments } from './deployments.ts'
import type { Globals } from './globals.ts'
import type { Io } from './io.ts'
import { visibleLine } from './output/visible.ts'
import { version } from './version.ts'

/** What a command is given to work with. */
export interface Context {
  readonly io: Io
  readonly globals: Globals
  readonly timeZone: string | undefined
  /** A line for the person, on stderr. */
  note(text: string): void
  /** The deployment that was named, or the current one. */
  url(): Promise<string>
  /** Signed in to it. */
  client(): Promise<Client>
  /** Where it is, and the token for it: for what is no call of an endpoint. */
  session(): Promise<{ readonly url: string; readonly token: string }>
  /** Any deployment, with or without a token. */
  clientFor(url: string, token?: string, timeoutMs?: number): Promise<Client>
  deployments(): Promise<Deployments>
  remember(deployments: Deployments): Promise<void>
  /** Whether a person is there to be asked. */
  readonly canAsk: boolean
  /** Asks on the terminal; without one, says which flag was missing. */
  ask(question: Question): Promise<string>
  /** For what cannot be undone: asks, or wants `--yes`. */
  confirm(question: string): Promise<void>
}

export interface Question {
  readonly label: string
  /** What answers it in a script: `--email`. */
  readonly flag: string
  readonly secret?: boolean
}

export function createContext(io: Io, globals: Globals): Context {
  const note = (text: string) => void io.stderr.write(`${text.split('\n').map(visibleLine).join('\n')}\n`)
  if (globals.token !== undefined)
    note('warning: --token shows the token to every process of this machine; prefer REEVE_TOKEN')

  async function url(): Promise<string> {
    const named = globals.url ?? nonEmpty(io.env['REEVE_URL']) ?? nonEmpty(io.env['CODER_URL'])
    if (named !== undefined) return normalizeUrl(named)
    const { current } = await readDeployments(io)
    if (current !== null) return current
    throw new Fault('unauthenticated', 'no deployment is known here', {
      fix: 'sign in to one, or name it with --url or REEVE_URL',
    })
  }

  async function token(at: string): Promise<string> {
    const given = globals.token ?? environmentToken(io)
    const found = given?.trim() ?? (await readDeployments(io)).tokens[at]
    if (found !== undefined) return found
    throw new Fault('unauthenticated', `not signed in to ${at}`, { fix: 'sign in, or set REEVE_TOKEN' })
  }

  async function session(): Promise<{ url: string; token: string }> {
    const at = await url()
    const secret = checkToken(await token(at))
    if (at.startsWith('http:') && !isLoopback(at))
      note(`warning: ${at} is not encrypted; the token can be read on the way`)
    return { url: at, token: secret }
  }

  const clientFor = async (at: string, secret?: string, timeoutMs = globals.timeoutMs): Promise<Client> => {
    // Loaded when there is something to ask: the schemas are most of what this command loads.
    const { createClient } = await import('@reeve/sdk')
    return createClient({
      url: at,
      ...(secret === undefined ? {} : { token: checkToken(secret) }),
      // Browsers and proxies see who asks; the server writes it into the audit log.
      headers: { 'User-Agent': `reeve-cli/${version}` },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
  }

  const canAsk = io.tty.stdin && io.tty.stderr && !globals.noInput

  return {
    io,
    globals,
    timeZone: globals.timeZone,
    note,
    url,
    session,
    async client() {
      const { url: at, token: secret } = await session()
      return clientFor(at, secret)
    },
    clientFor,
    canAsk,
    deployments: () => readDeployments(io),
    remember: (deployments) => writeDeployments(io, deployments),
    async ask({ label, flag, secret = false }) {
      if (!canAsk)
        throw new Fault('invalid', `${flag} is missing, and there is no terminal to ask on`, { fix: `give ${flag}` })
      const { ask } = await import('./prompt.ts')
      return ask(io, label, secret)
    },
    async confirm(question) {
      if (globals.yes) return
      if (!canAsk) throw new Fault('invalid', `${question} There is no terminal to ask on`, { fix: 'give --yes' })
      const { ask } = await import('./prompt.ts')
      const answer = await ask(io, `${question} [y/N]`, false)
      if (!/^y(es)?$/i.test(answer.trim())) throw new Fault('conflict', 'not confirmed; nothing was changed')
    },
  }
}

/** Older name first, so that scripts which set both go on as they were. */
export const environmentToken = ({ env }: Pick<Io, 'env'>): string | undefined =>
  nonEmpty(env['REEVE_SESSION_TOKEN']) ?? nonEmpty(env['REEVE_TOKEN']) ?? nonEmpty(env['CODER_SESSION_TOKEN'])

function checkToken(secret: string): string {
  if (/^[\x21-\x7E]{1,512}$/.test(secret)) return secret
  throw new Fault('invalid', 'the token has characters that no token has', {
    fix: 'check for line breaks and quotes around it',
  })
}

const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value)
