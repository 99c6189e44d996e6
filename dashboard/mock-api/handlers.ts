import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { Endpoint, endpoints, Interception, Session, User } from '@reeve/sdk'
import { matchesInterception, matchesSession, readQuery } from './filter.ts'
import { person, type World } from './seed.ts'
import type { Recorded } from './story.ts'

type Endpoints = typeof endpoints
type Input<E> = E extends Endpoint<infer P, infer Q, infer B, unknown> ? { params: P; query: Q; body: B } : never
type Result<E> =
  E extends Endpoint<never, never, never, infer R>
    ? R
    : E extends Endpoint<infer _P, infer _Q, infer _B, infer R>
      ? R
      : never

export interface Asked {
  readonly world: World
  /** Null when nobody is signed in; endpoints that are not public are refused before their handler. */
  readonly user: User
}

/** One handler for every endpoint that answers JSON; the compiler asks for those that the console calls. */
export type Handlers = {
  readonly [K in keyof Endpoints]?: (input: Input<Endpoints[K]>, asked: Asked) => Result<Endpoints[K]>
}

const sees = (user: User, of: { initiator: { id: string } }): boolean =>
  user.roles.some(({ name }) => name !== 'member') || of.initiator.id === user.id

export const visible = ({ world, user }: Asked): Recorded[] =>
  world.sessions.filter(({ session }) => sees(user, session))

const newestFirst = (a: Session, b: Session) =>
  b.last_active_at.localeCompare(a.last_active_at) || b.id.localeCompare(a.id)

export function pageAfter<T extends { id: string }>(rows: readonly T[], after: string | undefined, limit: number): T[] {
  const from = after === undefined ? 0 : rows.findIndex(({ id }) => id === after) + 1
  return rows.slice(from, from + limit)
}

export function findSession(asked: Asked, id: string): Recorded {
  const found = visible(asked).find(({ session }) => session.id === id)
  if (found === undefined) throw new Fault('not_found', 'no such session')
  return found
}

function findInterception(asked: Asked, id: string): { interception: Interception; of: Recorded } {
  for (const of of visible(asked)) {
    const interception = of.interceptions.find((one) => one.id === id)
    if (interception !== undefined) return { interception, of }
  }
  throw new Fault('not_found', 'no such request')
}

export function findUser({ world, user }: Asked, ref: string): User {
  const found = ref === 'me' ? user : world.users.find((one) => one.username === ref || one.id === ref)
  if (found === undefined) throw new Fault('not_found', 'no such user')
  return found
}

function setStatus(asked: Asked, ref: string, status: User['status']): User {
  const user = findUser(asked, ref)
  user.status = status
  return user
}

export const handlers: Handlers = {
  getBuildInfo: () => ({
    version: '0.1.0',
    dashboard_url: '',
    external_url: 'http://127.0.0.1:3000',
    deployment_id: uuidv7(new Date(0)),
    telemetry: false,
  }),
  getFirstUser: (_, { world }) => {
    if (world.setupOpen) throw new Fault('not_found', 'setup is open')
    return { message: 'the first user exists' }
  },
  createFirstUser: ({ body }, { world }) => {
    const problems = []
    if (world.users.some(({ username }) => username === body.username))
      problems.push({ field: 'username', detail: 'is taken' })
    if (new Set(body.password).size < 5) problems.push({ field: 'password', detail: 'is too easy to guess' })
    if (problems.length > 0) throw new Fault('invalid', 'the owner cannot be created like this', { problems })
    const owner = person(systemClock.now(), body.username, body.name ?? '', 'owner')
    owner.email = body.email
    world.users.push(owner)
    world.passwords.set(owner.email, body.password)
    world.setupOpen = false
    return { user_id: owner.id, organization_id: owner.id }
  },
  getUser: ({ params }, asked) => findUser(asked, params.user),
  suspendUser: ({ params }, asked) => setStatus(asked, params.user, 'suspended'),
  activateUser: ({ params }, asked) => setStatus(asked, params.user, 'active'),
  getBridgeStatus: () => ({
    enabled: true,
    capture: 'full',
    providers: [
      {
        name: 'anthropic',
        type: 'anthropic',
        base_url: 'https://api.anthropic.example',
        ready: false,
        scripted: false,
        detail: 'no key',
      },
      { name: 'scripted', type: 'anthropic', base_url: 'http://127.0.0.1:0', ready: true, scripted: true, detail: '' },
    ],
    journal: { healthy: true, detail: '', pending_bytes: 0, drain_lag_seconds: 0 },
  }),
  listSessions: ({ query }, asked) => {
    const wanted = readQuery(query.q ?? '', asked.user.username)
    const found = visible(asked)
      .filter(({ session, interceptions }) => matchesSession(session, wanted, interceptions))
      .map(({ session }) => session)
      .sort(newestFirst)
    return {
      count: found.length,
      count_is_exact: true,
      sessions: pageAfter(found, query.after_session_id, query.limit ?? 100),
    }
  },
  getSession: ({ params, query }, asked) => {
    const { session, threads } = findSession(asked, params.id)
    const page = pageAfter(threads, query.after_id, query.limit ?? 50)
    return {
      ...session,
      thread_count: session.threads,
      threads: page,
      page_started_at: page[0]?.started_at ?? null,
      page_ended_at: page.at(-1)?.ended_at ?? null,
      actions_are_whole: true,
    }
  },
  listInterceptions: ({ query }, asked) => {
    const wanted = readQuery(query.q ?? '', asked.user.username)
    const found = visible(asked)
      .flatMap(({ interceptions }) => interceptions)
      .filter((one) => matchesInterception(one, wanted))
      .sort((a, b) => b.id.localeCompare(a.id))
    return { count: found.length, count_is_exact: true, results: pageAfter(found, query.after_id, query.limit ?? 100) }
  },
  getInterception: ({ params }, asked) => {
    const { interception, of } = findInterception(asked, params.id)
    return { interception, events: of.events.filter(({ interception_id }) => interception_id === params.id) }
  },
  listModels: (_, asked) => [...new Set(visible(asked).flatMap(({ session }) => session.models))].sort(),
  listClients: (_, asked) => [...new Set(visible(asked).map(({ session }) => session.client))].sort(),
}
