import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { netFact } from '../../boundary/src/audit/testing.ts'
import { openSession } from '../../boundary/src/session.ts'
import { systemTimers } from '../../boundary/src/timers.ts'
import { type BoundaryWorld, boundaryWorld } from '../../server/src/boundaries/testing.ts'

/** The boundary's own tie to the control plane, against the routes of the server. */
let world: BoundaryWorld
let owner: string
let max: string
const state = mkdtempSync(join(tmpdir(), 'reeve-compat-'))

beforeAll(async () => {
  world = await boundaryWorld()
  owner = await world.identity.owner()
  max = await world.identity.person('max')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  rmSync(state, { recursive: true })
})

const open = () =>
  openSession({
    state,
    control: { url: world.identity.url, token: new Secret(max) },
    local: null,
    about: {
      command: 'claude',
      hostname: 'box',
      clientVersion: '0.1.0',
      tier: 1,
      jail: 'namespaces',
      kernel: '6.18.0',
      policy: null,
    },
    env: {},
    clock: systemClock,
    timers: systemTimers,
    random: () => 0,
    log: silentLog,
    userId: process.getuid?.() ?? null,
    onStop: () => {},
  })

const rules = (...hosts: string[]) =>
  JSON.stringify({
    apiVersion: 'reeve/v1',
    name: 'base',
    network: { rules: hosts.map((host, at) => ({ id: `r${at}`, host })) },
  })
const policies = '/api/v2/boundaries/policies'

test('a session runs under what was published, hears of what is withdrawn, and ends with its whole record here', async () => {
  const first = { document: rules('a.example.com', 'b.example.com'), message: 'the first one' }
  expect((await world.call('POST', policies, { token: owner, body: first })).status).toBe(201)
  const session = await open()
  const hosts = () =>
    session.policy.current.layers.flatMap(({ document }) => document.network.rules.flatMap(({ host }) => host))
  expect([session.online, hosts()]).toEqual([true, ['a.example.com', 'b.example.com']])
  const next = { document: rules('a.example.com'), message: 'without b', based_on: 1 }
  expect((await world.call('POST', `${policies}/base/versions`, { token: owner, body: next })).status).toBe(201)
  await expect.poll(hosts).toEqual(['a.example.com'])

  const { denial } = session.recorder.record(netFact('deny', { host: 'b.example.com' }))
  expect(await session.end({ exitCode: 3, signalName: null, waitMs: 10_000 })).toEqual({ unsent: 0, unwritten: 0 })
  const shown = await world.call('GET', `/api/v2/boundaries/sessions/${session.id}`, { token: owner })
  expect(shown.json).toMatchObject({ status: 'ended', exit_code: 3, gaps: 0, tampered: false, denied: 1 })
  const found = await world.call('GET', `/api/v2/boundaries/denials/${denial}`, { token: max })
  expect(found.json).toMatchObject({ denial, can_request: true })
})
