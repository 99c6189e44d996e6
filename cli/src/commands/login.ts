import { Fault } from '@reeve/base'
import { type Client, endpoints, type User } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { isLoopback, normalizeUrl } from '../deployments.ts'
import { deviceLogin } from './device-login.ts'
import { type Answer, type Column, one } from '../output/answer.ts'
import { readStdinLines } from '../prompt.ts'

interface LoginInput {
  readonly url: string | undefined
  readonly email: string | undefined
  readonly passwordStdin: boolean
  readonly tokenStdin: boolean
  readonly device: boolean
  readonly noBrowser: boolean
  readonly firstUserEmail: string | undefined
  readonly firstUserUsername: string | undefined
  readonly firstUserFullName: string | undefined
  readonly firstUserPassword: string | undefined
  readonly firstUserPasswordStdin: boolean
  readonly setupToken: string | undefined
}

interface SignedIn {
  readonly url: string
  readonly user: User
}

const columns: readonly Column<SignedIn>[] = [
  { name: 'url', value: (row) => row.url, priority: 0 },
  { name: 'username', value: (row) => row.user.username, priority: 0 },
  { name: 'email', value: (row) => row.user.email, priority: 1 },
  { name: 'roles', value: (row) => row.user.roles.map((role) => role.name).join(' '), priority: 1 },
]

export async function login(context: Context, input: LoginInput): Promise<Answer> {
  const url = await whichUrl(context, input.url)
  if (url.startsWith('http:') && !isLoopback(url))
    context.note(`warning: ${url} is not encrypted; passwords and tokens can be read on the way`)
  const token = await getToken(context, url, input)
  const { signal } = context.io
  const client = await context.clientFor(url, token)
  const user = await client.call(endpoints.getUser, { params: { user: 'me' }, signal })
  const { tokens } = await context.deployments()
  await context.remember({ current: url, tokens: { ...tokens, [url]: token } })
  context.note(`signed in to ${url} as ${user.username}`)
  return one({ url, user }, columns, (row) => row.user.id)
}

export async function logout(context: Context): Promise<Answer> {
  const url = await context.url()
  const { current, tokens } = await context.deployments()
  const { [url]: token, ...others } = tokens
  if (token === undefined) throw new Fault('unauthenticated', `not signed in to ${url}`)
  let ended = true
  try {
    const client = await context.clientFor(url, token)
    await client.call(endpoints.logout, { signal: context.io.signal })
  } catch (thrown) {
    // A token that no longer works, or a server that is gone, must not keep it on this disk.
    if (!(thrown instanceof Fault)) throw thrown
    ended = thrown.code === 'unauthenticated'
    if (!ended) context.note(`warning: the server was not told: ${thrown.message}`)
  }
  await context.remember({ current: current === url ? null : current, tokens: others })
  const row = { url, session_ended: ended }
  const shown: readonly Column<typeof row>[] = [
    { name: 'url', value: (it) => it.url, priority: 0 },
    { name: 'session_ended', value: (it) => it.session_ended, priority: 0 },
  ]
  return one(row, shown, (it) => it.url)
}

async function whichUrl(context: Context, given: string | undefined): Promise<string> {
  if (given !== undefined) return normalizeUrl(given)
  try {
    return await context.url()
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'unauthenticated') throw thrown
    return normalizeUrl(await context.ask({ label: 'Address of the deployment', flag: 'the address' }))
  }
}

async function getToken(context: Context, url: string, input: LoginInput): Promise<string> {
  if (input.tokenStdin) return (await readStdinLines(context.io, 1, '--token-stdin'))[0]!
  const client = await context.clientFor(url)
  if (wantsFirstUser(input)) return createOwner(context, client, input)
  if (input.email === undefined && !input.passwordStdin && !input.device) {
    const kept = await keptToken(context, url)
    if (kept !== null) return kept
    if (await isSetupOpen(context, client)) {
      context.note(`${url} has no owner yet; this makes the first one`)
      return createOwner(context, client, input)
    }
  }
  if (input.device || (input.email === undefined && !input.passwordStdin && context.canAsk)) {
    return deviceLogin(context, client, { openBrowser: !input.noBrowser })
  }
  const other = '--email, --token-stdin or --device'
  const email = input.email ?? (await context.ask({ label: 'E-mail', flag: other }))
  const password = input.passwordStdin
    ? (await readStdinLines(context.io, 1, '--password-stdin'))[0]!
    : await context.ask({ label: 'Password', flag: '--password-stdin', secret: true })
  return signIn(context, client, email, password)
}

/** `reeve login <url>` of a deployment that one is signed in to only makes it the current one. */
async function keptToken(context: Context, url: string): Promise<string | null> {
  const token = context.globals.token ?? (await context.deployments()).tokens[url]
  if (token === undefined) return null
  try {
    const client = await context.clientFor(url, token)
    await client.call(endpoints.getUser, { params: { user: 'me' }, signal: context.io.signal })
    return token
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'unauthenticated') return null
    throw thrown
  }
}

async function isSetupOpen(context: Context, client: Client): Promise<boolean> {
  try {
    await client.call(endpoints.getFirstUser, { signal: context.io.signal })
    return false
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'not_found') return true
    throw thrown
  }
}

const wantsFirstUser = (input: LoginInput): boolean =>
  input.firstUserEmail !== undefined ||
  input.firstUserUsername !== undefined ||
  input.firstUserPassword !== undefined ||
  input.firstUserPasswordStdin

async function createOwner(context: Context, client: Client, input: LoginInput): Promise<string> {
  const email = input.firstUserEmail ?? (await context.ask({ label: 'E-mail', flag: '--first-user-email' }))
  const username = input.firstUserUsername ?? (await context.ask({ label: 'Username', flag: '--first-user-username' }))
  const flag = '--first-user-password-stdin'
  const password = input.firstUserPasswordStdin
    ? (await readStdinLines(context.io, 1, flag))[0]!
    : (input.firstUserPassword ?? (await context.ask({ label: 'Password', flag, secret: true })))
  const body = {
    email,
    username,
    password,
    ...(input.firstUserFullName === undefined ? {} : { name: input.firstUserFullName }),
    ...(input.setupToken === undefined ? {} : { setup_token: input.setupToken }),
  }
  await client.call(endpoints.createFirstUser, { body, signal: context.io.signal })
  return signIn(context, client, email, password)
}

async function signIn(context: Context, client: Client, email: string, password: string): Promise<string> {
  const answer = await client.call(endpoints.login, { body: { email, password }, signal: context.io.signal })
  return answer.session_token
}
