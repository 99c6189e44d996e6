import { recordingLog, silentLog, systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { ProviderStanding } from '@reeve/bridge'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startUpstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { saveGateway } from './gateway-queries.ts'
import { person, testGateway } from './gateway-testing.ts'
import { startHeartbeat } from './heartbeat.ts'
import { standingOf } from './provider-standings.ts'
import { bodyOf } from './testing.ts'
import { writeStandings } from './written-standings.ts'

/** Through a database, from what the bridge tells to what the API answers. */

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const until = new Date('2026-03-01T03:10:00.000Z')
const usedAt = new Date('2026-03-01T03:00:00.000Z')
const corp: ProviderStanding = {
  name: 'corp',
  requests: 3,
  keys: [
    { id: 'one', usedAt, rests: [] },
    {
      id: 'two',
      usedAt: null,
      rests: [
        { model: 'opus', state: 'busy', until },
        { model: '', state: 'refused', until },
      ],
    },
    { id: 'gone', usedAt: null, rests: [] },
  ],
  models: [
    { model: 'opus', state: 'open', until },
    { model: 'haiku', state: 'half_open', until: null },
  ],
  leftOut: 4,
}
const idle: ProviderStanding = { name: 'idle', requests: 0, keys: [], models: [], leftOut: 0 }

const keyOf = (id: string) => ({ id, masked: `sk-${id}...`, weight: 0, created_at: null })
const provider = (name: string) => ({ name, api_keys: [keyOf('two'), keyOf('one')] })
const log = silentLog
const ask = (name: string) => standingOf({ db: db.sql, clock: systemClock, log }, provider(name))

const beating = (replicaId: Uuid, standings: readonly ProviderStanding[]): AsyncDisposable =>
  startHeartbeat({
    db,
    replicaId,
    process: 1,
    version: '1.2.3',
    pulse: () => ({
      healthy: true,
      detail: '',
      journalSeq: 0,
      pendingBytes: 0,
      drainLagSeconds: 0,
      openRequests: 0,
      standings,
    }),
    clock: systemClock,
    log,
  })

const row = (id: Uuid, standings: string | null, seenAt = systemClock.now()) => ({
  replica_id: id,
  host: 'models-1',
  process: 2,
  version: '1.2.3',
  started_at: seenAt,
  seen_at: seenAt,
  stopped_at: null,
  healthy: true,
  detail: '',
  journal_seq: 0,
  pending_bytes: 0,
  drain_lag_seconds: 0,
  open_requests: 0,
  provider_standings: standings,
})

test('what a gateway knows is told with its heartbeat, with the hints of its keys, until it stops', async () => {
  const gateway = uuidv7(systemClock.now())
  const beat = beating(gateway, [corp, idle])
  const told = () => ask('corp')
  await expect.poll(told, { timeout: 60_000 }).toHaveLength(1)
  expect(await told()).toEqual([
    {
      gateway,
      host: expect.any(String),
      process: 1,
      seen_at: expect.any(String),
      standing: {
        requests: 3,
        keys: [
          { id: 'one', masked: 'sk-one...', state: 'usable', used_at: usedAt.toISOString(), rests: [] },
          {
            id: 'two',
            masked: 'sk-two...',
            state: 'refused',
            used_at: null,
            rests: [
              { model: 'opus', state: 'busy', until: until.toISOString() },
              { model: '', state: 'refused', until: until.toISOString() },
            ],
          },
          { id: 'gone', masked: '', state: 'usable', used_at: null, rests: [] },
        ],
        models: [
          { model: 'opus', state: 'open', until: until.toISOString() },
          { model: 'haiku', state: 'half_open', until: null },
        ],
        left_out: 4,
      },
    },
  ])
  expect(await ask('idle')).toMatchObject([{ standing: { requests: 0, keys: [], models: [], left_out: 0 } }])
  expect(await ask('unheard-of')).toMatchObject([{ gateway, standing: null }])

  await beat[Symbol.asyncDispose]()
  expect(await told()).toEqual([])
  const kept = await db.sql.selectFrom('gateways').select('provider_standings').execute()
  expect(kept).toEqual([{ provider_standings: null }])
})

test('a gateway that is silent does not count, one of an older release tells nothing', async () => {
  const [silent, older] = [uuidv7(systemClock.now()), uuidv7(systemClock.now())]
  await saveGateway(db.sql, row(silent, writeStandings([corp]), new Date(systemClock.now().getTime() - 60_000)))
  await saveGateway(db.sql, row(older, null))
  expect(await ask('corp')).toMatchObject([{ gateway: older, standing: null }])
  await db.sql.deleteFrom('gateways').execute()
})

test.each([
  ['no number of requests', { requests: 'many', keys: [], models: [], left_out: 0 }],
  ['a state that this release does not know', { requests: 0, keys: [], models: [{ model: 'm', state: 'ajar' }] }],
  ['no object', 'open'],
])('with %s a gateway tells nothing, which the log says, and the others are told', async (_, standing) => {
  const [broken, sound] = [uuidv7(systemClock.now()), uuidv7(systemClock.now())]
  await saveGateway(db.sql, row(broken, JSON.stringify({ corp: standing })))
  await saveGateway(db.sql, { ...row(sound, writeStandings([corp])), process: 3 })
  const written = recordingLog()
  const told = await standingOf({ db: db.sql, clock: systemClock, log: written }, provider('corp'))
  expect(told).toMatchObject([
    { gateway: broken, standing: null },
    { gateway: sound, standing: { requests: 3 } },
  ])
  expect(written.lines).toMatchObject([{ message: 'what a gateway tells cannot be read' }])
  await db.sql.deleteFrom('gateways').execute()
})

test('metrics count a breaker as it is told of, also while nobody asks for its model', async () => {
  await using upstream = await startUpstream()
  let laterMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
  await using open = await testGateway(db, upstream.url, {}, { clock })
  const { token } = await person(db, 'dana')
  const counted = async () => {
    const lines = (await open.registry.metrics()).split('\n')
    return lines.filter((line) => line.startsWith('reeve_provider_breakers{provider="anthropic"'))
  }
  const told = async () => (await ask('anthropic')).flatMap(({ standing }) => standing?.models ?? [])
  const as = (state: string, count: number) => `reeve_provider_breakers{provider="anthropic",state="${state}"} ${count}`
  expect(await counted()).toEqual([as('open', 0), as('half_open', 0)])

  // It resets every connection.
  for (let i = 0; i < 5; i++)
    expect((await open.ask(token, bodyOf([{ role: 'user', content: 'hi' }]))).status).toBe(502)
  expect(await counted()).toEqual([as('open', 1), as('half_open', 0)])
  laterMs = 30_000
  expect(await counted()).toEqual([as('open', 0), as('half_open', 1)])
  await expect.poll(told, { timeout: 60_000 }).toMatchObject([{ state: 'half_open', until: null }])
  expect(await open.registry.metrics()).toContain('coder_aibridged_circuit_breaker_state{provider="anthropic"} 0.5')
})
