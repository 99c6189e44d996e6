import { type Clock, Fault } from '@reeve/base'
import { type Allowed, type ClientResponse, deny, denyTooLarge, netFacts, withOutcome } from '../proxy/exchange.ts'
import { netFact } from '../proxy/facts.ts'
import { type AgentAnswer, askAgent } from './ask-agent.ts'
import { addressOf, credentialHost, type GitHost, reportBytesMax } from './door-paths.ts'
import { createTurnstile, type Turnstile } from './turnstile.ts'

/** The agent of the workspace that the boundary runs in. */
export interface WorkspaceAgent {
  readonly socket: string
  /** The app that the sandbox reports as; empty for that of the workspace's task. */
  readonly app: string
  /** Files and folders of its commands, which are shown inside. */
  readonly commands: readonly string[]
}

/** Answers requests that `doorJudge` let pass. Each has one line, which is on the disk before anything is told. */
export interface Door {
  answer(exchange: Allowed): Promise<void>
}

const reportsAtMost = { perMinute: 60, atOnce: 4 }
/** Git asks twice for each connection that it makes, and may wait for a person who links an account. */
const credentialsAtMost = { perMinute: 120, atOnce: 8 }

/**
 * What a process of the sandbox may ask of the workspace's agent: to say how the task goes, and what git is to say to a
 * host that the policy lets it reach. The supervisor asks the agent in its place, in words of its own: nothing is passed
 * on that was not read here, in neither direction.
 */
export function createDoor({ socket, app }: WorkspaceAgent, clock: Clock): Door {
  const reports = createTurnstile(clock, reportsAtMost)
  const credentials = createTurnstile(clock, credentialsAtMost)
  return {
    async answer(exchange) {
      exchange.req.on('error', () => {})
      exchange.res.on('error', () => {})
      const host = credentialHost(exchange.request.path)
      const turnstile = host === null ? reports : credentials
      const act = (signal: AbortSignal) =>
        host === null ? report(exchange, { socket, app, signal }) : handOut(exchange, host, { socket, signal })
      const said = await within(turnstile, exchange.res, act)
      if (said !== null) await tell(exchange, said)
    },
  }
}

interface Said {
  readonly status: number
  readonly body: object | null
  readonly facts: Readonly<Record<string, string>> | null
}

/** Null where it was denied, and answered. */
async function within(
  turnstile: Turnstile,
  res: ClientResponse,
  act: (signal: AbortSignal) => Promise<Said | null>,
): Promise<Said | null> {
  using entered = turnstile.enter()
  if (entered === null) return refused(429, 'limited', 'too much is asked of the agent of this workspace')
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  try {
    return await act(gone.signal)
  } catch (thrown) {
    if (thrown instanceof Fault) return refused(thrown.code === 'invalid' ? 400 : 503, thrown.code, thrown.message)
    throw thrown
  }
}

interface Asking {
  readonly socket: string
  readonly signal: AbortSignal
}

/** Of what a program says three texts are passed on, and never for another app than its own. */
async function report(exchange: Allowed, { socket, app, signal }: Asking & { app: string }): Promise<Said | null> {
  const bytes = await readBody(exchange)
  if (bytes === null) return null
  const { state, message, uri } = objectIn(bytes)
  const own = app === '' ? {} : { app_slug: app }
  const body = { ...own, state: text(state, 32), message: text(message, 1_024), uri: text(uri, 2_048) }
  return relayed(await askAgent(socket, { method: 'POST', path: '/app-status', body, signal }))
}

/**
 * Whether the policy lets the asking program reach the host is seen before the agent is asked, which is where it goes on
 * the account's own record, and once more before the answer goes in: somebody may have linked an account meanwhile.
 */
async function handOut(exchange: Allowed, host: GitHost, { socket, signal }: Asking): Promise<Said | null> {
  if (isDenied(exchange, host)) return null
  const search = new URLSearchParams({ match: addressOf(host), ...listening(exchange) })
  const answer = await askAgent(socket, { method: 'GET', path: `/external-auth?${search.toString()}`, signal })
  if (isDenied(exchange, host)) return null
  if (answer.status !== 200) return relayed(answer)
  const { fields } = answer
  const [access_token, username, password] = ['access_token', 'username', 'password'].map((name) => text(fields[name], 16_384)) // prettier-ignore
  const body = { access_token, username, password, url: text(fields['url'], 2_048) }
  const credential = access_token === '' ? 'not-linked' : 'handed-out'
  return { status: 200, body, facts: { credential, provider: text(fields['provider_id'], 64) } }
}

/** A denial is about the host itself: what would let it be reached lets the credential be had. */
function isDenied(exchange: Allowed, { host, port }: GitHost): boolean {
  const { services, origin } = exchange
  const verdict = services.judge.connection({ host, port, exes: origin.caller?.exes ?? [] })
  if (!verdict.passes) {
    deny({ ...exchange, host, port, url: `${addressOf({ host, port })}/`, verdict }, { credential: 'denied' })
  }
  return !verdict.passes
}

const listening = ({ request: { query } }: Allowed): { listen?: 'true' } =>
  query === '?listen=true' ? { listen: 'true' } : {}

/** What the agent refused, in its own words: they are for whoever asked. */
function relayed({ status, fields }: AgentAnswer): Said {
  if (status < 300) return { status: 204, body: null, facts: null }
  const { code, message, detail } = fields
  const body = { code: text(code, 64), message: text(message, 1_024), detail: text(detail, 1_024) }
  return { status, body, facts: null }
}

const refused = (status: number, code: string, message: string): Said => ({
  status,
  body: { code, message, detail: '' },
  facts: null,
})

async function tell(exchange: Allowed, { status, body, facts }: Said): Promise<void> {
  const { services, origin, verdict, res, asked, startedMs } = exchange
  const text = body === null ? '' : JSON.stringify(body)
  exchange.traffic.down += Buffer.byteLength(text)
  const net = {
    ...netFacts(exchange),
    status,
    duration_ms: Math.round(services.clock.monotonicMs() - startedMs),
  }
  services.recorder.record(netFact({ verdict, caller: origin.caller, net, facts: withOutcome(asked, { ...facts }) }))
  await services.recorder.kept()
  if (res.destroyed || res.headersSent) return
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  if ('stream' in res) res.writeHead(status, headers)
  else res.writeHead(status, headers)
  res.end(text)
}

/** Null where it was longer than it may be, which was answered. */
async function readBody(exchange: Allowed): Promise<Buffer | null> {
  const { req, traffic } = exchange
  const pieces: Buffer[] = []
  try {
    for await (const piece of req) {
      // SAFETY: without an encoding the pieces of a request are buffers.
      const chunk = piece as Buffer
      traffic.up += chunk.length
      if (traffic.up > reportBytesMax) {
        denyTooLarge(exchange)
        return null
      }
      pieces.push(chunk)
    }
  } catch (cause) {
    throw new Fault('invalid', 'the report broke off', { cause })
  }
  return Buffer.concat(pieces)
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Fault('invalid', 'this is not JSON')
  }
  if (typeof value !== 'object' || value === null) throw new Fault('invalid', 'this is no object')
  // SAFETY: an object, each member of which is looked at before it is used.
  return value as Readonly<Record<string, unknown>>
}

const text = (value: unknown, most: number): string =>
  typeof value === 'string' ? value.toWellFormed().slice(0, most) : ''
