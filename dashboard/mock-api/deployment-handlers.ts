import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { AuditSink, KeyringReport, LegalHold } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { minimal, type World } from './seed.ts'

/** Sinks in each of their states, holds with a hostile reason, and a key that is halfway changed. */

const [script = ''] = hostileTexts
const control = hostileTexts[8] ?? ''
const minutesAgo = (minutes: number): string => new Date(systemClock.now().getTime() - minutes * 60_000).toISOString()
const newId = (minutes = 0) => uuidv7(new Date(Date.parse(minutesAgo(minutes))))
const head = 48_213

function sink(name: string, kind: AuditSink['kind'], url: string, more: Partial<AuditSink> = {}): AuditSink {
  return {
    id: newId(1_000),
    name,
    kind,
    format: 'reeve',
    url,
    allow_private: false,
    has_secret: kind === 'webhook',
    has_ca: false,
    created_at: minutesAgo(10_000),
    disabled_at: null,
    delivered_seq: head,
    lag: 0,
    sends: ['audit'],
    content: false,
    record_lag: 0,
    boundary_lag: 0,
    last_delivered_at: minutesAgo(1),
    last_error: null,
    failing_since: null,
    next_attempt_at: null,
    ...more,
  }
}

const sinks: AuditSink[] = [
  sink('archive', 'webhook', `https://archive.example/${'long-path/'.repeat(12)}?${script}`, {
    delivered_seq: head - 1_204,
    lag: 1_204,
    last_delivered_at: minutesAgo(94),
    last_error: `the receiver answered 503: ${control}`,
    failing_since: minutesAgo(93),
    next_attempt_at: minutesAgo(-1),
  }),
  sink('otel', 'otlp', 'https://otel.example.com', { format: 'ocsf', has_secret: true, disabled_at: minutesAgo(300) }),
  sink('siem', 'syslog', 'tls://logs.example.com:6514', {
    has_ca: true,
    sends: ['audit', 'interceptions', 'boundaries'],
    record_lag: 12,
    boundary_lag: 340,
  }),
]

function find(given: string): AuditSink {
  const found = sinks.find(({ id, name }) => id === given || name === given)
  if (found === undefined) throw new Fault('not_found', 'there is no such sink')
  return found
}

const made = (kind: AuditSink['kind']) => (kind === 'webhook' ? `whsec_${'c2VjcmV0'.repeat(5)}` : null)

const holds = new WeakMap<World, LegalHold[]>()

/** In force, of a time, and released; the first is about whoever signs in first. */
function held(world: World): LegalHold[] {
  const [first] = world.users
  const who = first === undefined ? null : minimal(first)
  const common = { session_id: null, from: null, to: null, created_by: who, released_at: null, release_reason: null }
  const placed: LegalHold[] = holds.get(world) ?? [
    { ...common, id: newId(60), user: who, reason: `case 17 ${script}`, created_at: minutesAgo(60) },
    {
      ...common,
      id: newId(900),
      user: null,
      from: minutesAgo(90_000),
      to: minutesAgo(50_000),
      reason: 'What happened in the autumn',
      created_at: minutesAgo(900),
    },
    {
      ...common,
      id: newId(5_000),
      user: null,
      session_id: world.sessions[0]?.session.id ?? null,
      reason: 'an inquiry',
      created_at: minutesAgo(5_000),
      released_at: minutesAgo(200),
      release_reason: `it is over ${control}`,
    },
  ]
  holds.set(world, placed)
  return placed
}

function findHold(world: World, id: string): LegalHold {
  const found = held(world).find((one) => one.id === id)
  if (found === undefined) throw new Fault('not_found', 'there is no such hold')
  return found
}

const keyring: KeyringReport = {
  source: 'file',
  keys: [
    { id: '9f2c4d1e0a7b6c5d', created_at: minutesAgo(30), seals: true, held: true, values: 38, removable: false },
    { id: '0123456789abcdef', created_at: minutesAgo(200_000), seals: false, held: true, values: 14, removable: false },
    { id: 'fedcba9876543210', created_at: minutesAgo(400_000), seals: false, held: true, values: 0, removable: true },
  ],
  places: [
    { table: 'external_auth_links', column: 'access_token', values: 40, left: 12 },
    { table: 'user_links', column: 'refresh_token', values: 9, left: 2 },
    { table: 'audit_sinks', column: 'secret', values: 3, left: 0 },
  ],
  resealing: false,
  unreadable: 1,
}

export const deploymentHandlers: Handlers = {
  listAuditSinks: () => ({ sinks }),
  createAuditSink: ({ body }) => {
    const { name, kind, url, secret, ca, format = 'reeve', allow_private = false } = body
    if (!/^(?:tls|https?):\/\/\S+$/.test(url)) {
      const problems = [{ field: 'url', detail: 'must be like tls://host:6514' }]
      throw new Fault('invalid', 'the request has problems', { problems })
    }
    const has = { has_secret: kind === 'webhook' || secret !== undefined, has_ca: ca !== undefined }
    const created = sink(name, kind, url, { id: newId(), format, allow_private, ...has })
    sinks.push(created)
    return { ...created, secret: secret === undefined ? made(kind) : null }
  },
  updateAuditSink: ({ params, body: { secret, ca, enabled, ...changes } }) => {
    const one = find(params.sink)
    Object.assign(one, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)))
    if (ca !== undefined) one.has_ca = ca !== null
    if (secret !== undefined) one.has_secret = secret !== null || one.kind === 'webhook'
    if (enabled !== undefined) one.disabled_at = enabled ? null : systemClock.now().toISOString()
    return { ...one, secret: secret === null ? made(one.kind) : null }
  },
  testAuditSink: ({ params }) => {
    const { last_error } = find(params.sink)
    return { delivered: last_error === null, error: last_error }
  },
  deleteAuditSink: ({ params }) => void sinks.splice(sinks.indexOf(find(params.sink)), 1),

  listLegalHolds: (_, { world }) => ({ holds: held(world) }),
  getLegalHold: ({ params }, { world }) => ({
    ...findHold(world, params.id),
    covers: { interceptions: 10_000, sessions: 214, audit_events: 87 },
  }),
  createLegalHold: ({ body }, { world, user }) => {
    if (body.user === undefined && body.session_id === undefined && body.from === undefined && body.to === undefined) {
      const problems = [{ field: 'user', detail: 'a hold is for a user, a session or a time' }]
      throw new Fault('invalid', 'the request has problems', { problems })
    }
    const about = world.users.find(({ id, username }) => id === body.user || username === body.user)
    if (body.user !== undefined && about === undefined) throw new Fault('not_found', 'there is no such user')
    const placed: LegalHold = {
      id: newId(),
      user: about === undefined ? null : minimal(about),
      session_id: body.session_id ?? null,
      from: body.from ?? null,
      to: body.to ?? null,
      reason: body.reason,
      created_at: systemClock.now().toISOString(),
      created_by: minimal(user),
      released_at: null,
      release_reason: null,
    }
    held(world).unshift(placed)
    return placed
  },
  releaseLegalHold: ({ params, body }, { world }) =>
    Object.assign(findHold(world, params.id), {
      released_at: systemClock.now().toISOString(),
      release_reason: body.reason,
    }),

  getKeyring: () => keyring,
  rotateKeyring: () => {
    const [first, ...others] = keyring.keys
    const resealed = keyring.places.reduce((sum, { left }) => sum + left, 0)
    if (first !== undefined) first.values += resealed
    for (const key of others) Object.assign(key, { values: 0, removable: true })
    for (const place of keyring.places) place.left = 0
    return { ...keyring, resealed }
  },
}
