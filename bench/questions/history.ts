import { join } from 'node:path'
import pg from 'pg'
import { connectionOptions } from '../../server/src/db/connection.ts'
import { type RunningServer, startServer } from '../../test/support/server.ts'
import { atMost, figure, type Finding, type Target } from '../finding.ts'
import { type Past, words, writePast } from '../past.ts'
import { percentile } from '../rounds.ts'

const past: Past = { interceptions: 1_000_000, people: 300, days: 189 }
const times = 40
/** A person waits for a list, and does not notice one thing. */
const listMsMax = 50
const oneMsMax = 5

interface Ask {
  readonly what: string
  readonly path: string
  readonly token: string
  /** Milliseconds that its 99th percentile may have. */
  readonly msMax: number
}

/** How long lists and single things take when there is half a year of them. */
export async function history(): Promise<Finding> {
  await using server = await startServer()
  const asks = await prepare(server)
  const measured: { ask: Ask; ms: readonly number[]; bytes: number }[] = []
  for (const ask of asks) measured.push({ ask, ...(await timesOf(server, ask)) })
  return {
    question: 'How long do lists take in half a year of records?',
    method: `${past.interceptions.toLocaleString('en')} requests of ${past.people} people over ${past.days} days, in the partitions of those days; ${times} times each over HTTP, one after the other, after the first five. Lists are pages of 100.`,
    header: ['', 'KB', 'p50 ms', 'p99 ms', 'at most'],
    rows: measured.map(({ ask, ms, bytes }) => [
      ask.what,
      figure(bytes / 1024),
      figure(percentile(ms, 0.5)),
      figure(percentile(ms, 0.99)),
      figure(ask.msMax),
    ]),
    targets: measured.map(({ ask, ms }): Target => atMost(ask.what, percentile(ms, 0.99), ask.msMax, ' ms')),
    doubts: [],
  }
}

/** The past, and who asks for it: an owner, who sees all requests and no words, a reviewer, who reads all, and a member. */
async function prepare(server: RunningServer): Promise<Ask[]> {
  const member = await signUp(server, 'person1', [])
  const reviewer = await signUp(server, 'reviewer', ['content-reviewer'])
  const client = new pg.Client(
    connectionOptions({ socketDir: join(server.dataDir, 'postgres/run'), database: 'reeve', user: 'reeve' }),
  )
  await client.connect()
  try {
    await writePast(client, past)
  } finally {
    await client.end()
  }
  return asksFor(server, { owner: server.ownerToken, member, reviewer })
}

async function asksFor(
  server: Pick<RunningServer, 'api'>,
  tokens: { readonly owner: string; readonly member: string; readonly reviewer: string },
): Promise<Ask[]> {
  const first = async (path: string, token: string) => (await server.api('GET', path, undefined, token)).json
  const bridge = '/api/v2/aibridge'
  const newest = await first(`${bridge}/sessions?limit=1000`, tokens.owner)
  const own = await first(`${bridge}/sessions?limit=1000`, tokens.member)
  const requests = await first(`${bridge}/interceptions?limit=1000`, tokens.owner)
  const longest = newest.sessions.toSorted(
    (a: { requests: number }, b: { requests: number }) => b.requests - a.requests,
  )[0]
  const list = (what: string, path: string, token = tokens.owner): Ask => ({ what, path, token, msMax: listMsMax })
  const one = (what: string, path: string, token = tokens.owner): Ask => ({ what, path, token, msMax: oneMsMax })
  const q = (query: string): string => `q=${encodeURIComponent(query)}`
  const lately = new Date(Date.now() - 7 * 86_400_000).toISOString()
  const before = new Date(Date.now() - 100 * 86_400_000).toISOString()
  const [agent, model] = ['client:"Claude Code"', 'model:o4-mini']

  const filters = [
    'initiator:person1',
    'initiator:person290',
    agent,
    'client:curl',
    'client:Nothing',
    model,
    'model:none-such',
    'provider:gemini',
    'provider_name:anthropic',
    'provider_name:none-such',
    'outcome:upstream_error',
    'outcome:timeout',
    'status:error',
    'status:live',
    `started_after:${lately}`,
    `started_before:${before}`,
    `session_id:${newest.sessions[500].id}`,
    'session_id:past-20000',
    'session_id:none-such',
    `initiator:person290 ${model} status:error`,
    `${agent} provider:openai started_before:${before}`,
  ]
  const both = ['sessions', 'interceptions']
  const named = { sessions: 'Sessions', interceptions: 'Requests' }
  return [
    ...both.flatMap((of) => {
      const what = of === 'sessions' ? named.sessions : named.interceptions
      const cursor =
        of === 'sessions' ? `after_session_id=${newest.sessions.at(-1).id}` : `after_id=${requests.results.at(-1).id}`
      const searched = [words.common, words.rare, words.absent]
      return [
        list(`${what}, all`, `${bridge}/${of}`),
        list(`${what}, all, with words`, `${bridge}/${of}`, tokens.reviewer),
        list(`${what}, all, a later page`, `${bridge}/${of}?${cursor}`),
        list(`${what}, a member's`, `${bridge}/${of}`, tokens.member),
        list(`${what}, a member's, one model`, `${bridge}/${of}?${q(model)}`, tokens.member),
        ...filters.map((filter) =>
          list(`${what}, ${filter.replace(/T\S+/, '').replace(/[0-9a-f-]{36}/, 'id')}`, `${bridge}/${of}?${q(filter)}`),
        ),
        ...searched.map((word) => list(`${what}, the word ${word}`, `${bridge}/${of}?${q(word)}`, tokens.reviewer)),
        ...searched.map((word) =>
          list(`${what}, a member's, the word ${word}`, `${bridge}/${of}?${q(word)}`, tokens.member),
        ),
      ]
    }),
    list('Models', `${bridge}/models`),
    list("Models, a member's", `${bridge}/models`, tokens.member),
    list('Clients', `${bridge}/clients`),
    list('People', '/api/v2/users'),
    list('People, by name', '/api/v2/users?q=person29'),
    list('Usage of 30 days', '/api/v2/usage'),
    list('Usage of 30 days, by person', '/api/v2/usage?group_by=user'),
    list('Usage of 30 days, by model', '/api/v2/usage?group_by=model'),
    list("Usage of 30 days, a member's", '/api/v2/usage', tokens.member),
    one('A session', `${bridge}/sessions/${newest.sessions[100].id}`),
    one("A session, a member's own", `${bridge}/sessions/${own.sessions[100].id}`, tokens.member),
    one(`A session of ${longest.requests} requests`, `${bridge}/sessions/${longest.id}`),
    list(`Timeline of ${longest.requests} requests, first page`, `${bridge}/sessions/${longest.id}/timeline?limit=100`),
    one('A request', `${bridge}/interceptions/${requests.results[100].id}`),
  ]
}

async function timesOf(
  server: Pick<RunningServer, 'api'>,
  ask: Ask,
): Promise<{ ms: readonly number[]; bytes: number }> {
  const ms: number[] = []
  let bytes = 0
  for (let turn = -5; turn < times; turn++) {
    const began = performance.now()
    const answer = await server.api('GET', ask.path, undefined, ask.token)
    if (turn >= 0) ms.push(performance.now() - began)
    if (answer.status !== 200) throw new Error(`${ask.what}: ${answer.status} ${JSON.stringify(answer.json)}`)
    bytes = JSON.stringify(answer.json).length
  }
  return { ms, bytes }
}

async function signUp(server: RunningServer, username: string, roles: readonly string[]): Promise<string> {
  const email = `${username}@example.com`
  const password = 'a past that is long enough'
  const made = await server.api('POST', '/api/v2/users', { username, email, password, login_type: 'password', roles })
  if (made.status !== 201) throw new Error(`${username} could not be made: ${JSON.stringify(made.json)}`)
  return (await server.api('POST', '/api/v2/users/login', { email, password })).json.session_token
}
