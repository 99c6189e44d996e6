import { afterAll, beforeAll, expect, test } from 'vitest'
import { uuidv7 } from '@reeve/base'
import { answersNotSeen, type TestIdentity, testIdentity } from '../identity/testing.ts'
import { holdRoutes } from './hold-routes.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity({ routes: ({ db, clock }) => holdRoutes({ db, clock }) })
  owner = await world.owner()
  await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, body?: object, token = owner) =>
  world.call(method, `/api/v2/retention/holds${path}`, { token, ...(body === undefined ? {} : { body }) })

test('a hold is placed, says what it covers, and is released once, with both reasons on record', async () => {
  const placed = await call('POST', '', { user: 'MAX', reason: '  case 17 ' })
  expect(placed).toMatchObject({
    status: 201,
    json: { user: { username: 'max' }, reason: 'case 17', created_by: { username: 'dana' }, released_at: null },
  })
  const { id } = placed.json
  expect((await call('POST', '/preview', { user: 'max' })).json).toEqual({
    covers: { interceptions: 0, sessions: 0, audit_events: 3 },
  })
  // He was made, and signed in; placing the hold names him too.
  const { json: before } = await call('GET', `/${id}`)
  expect(before.covers).toEqual({ interceptions: 0, sessions: 0, audit_events: 3 })
  expect((await call('GET', '')).json.holds.map((one: { id: string }) => one.id)).toEqual([id])

  expect((await call('POST', `/${id}/release`, { reason: 'it is over' })).json).toMatchObject({
    released_at: world.clock.now().toISOString(),
    release_reason: 'it is over',
  })
  expect((await call('POST', `/${id}/release`, { reason: 'once more' })).status).toBe(409)
  expect((await call('GET', `/${id}`)).json.covers).toEqual(before.covers)
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'legal_hold')
  expect(events.map(({ action, resource_target }) => [action, resource_target])).toEqual([
    ['create', 'max'],
    ['write', 'max'],
  ])
})

test('a hold of everything for ever, of nobody, without a reason or backwards is refused', async () => {
  const reason = 'an inquiry'
  const [from, to] = ['2026-02-01T00:00:00Z', '2026-01-01T00:00:00Z']
  for (const body of [{ reason }, { user: 'max' }, { user: 'max', reason: '  x' }, { from, to, reason }])
    expect((await call('POST', '', body)).status).toBe(400)
  expect((await call('POST', '', { user: 'nobody', reason })).status).toBe(404)
  expect((await call('POST', '/preview', {})).status).toBe(400)
  expect((await call('POST', '/preview', { user: 'nobody' })).status).toBe(404)
  const unknown = uuidv7(world.clock.now())
  expect((await call('GET', `/${unknown}`)).status).toBe(404)
  expect((await call('POST', `/${unknown}/release`, { reason })).status).toBe(404)
  const auditor = await world.person('ann', 'auditor')
  expect((await call('GET', '', undefined, auditor)).status).toBe(200)
  expect((await call('POST', '', { user: 'max', reason }, auditor)).status).toBe(403)
})

test('every answer that these endpoints declare was seen', () => {
  expect(
    answersNotSeen('listLegalHolds', 'previewLegalHold', 'getLegalHold', 'createLegalHold', 'releaseLegalHold'),
  ).toEqual([])
})
