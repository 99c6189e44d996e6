import { isUuid, systemClock, uuidv7 } from '@reeve/base'
import { type endpoints, fillPath } from '@reeve/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtInRoles } from './access/built-in-roles.ts'
import { allows } from './access/policy.ts'
import { boundaryEntries } from './testing/matrix-boundaries.ts'
import { type Entry, type Place, statusFor } from './testing/matrix-entry.ts'
import { buildsOfEach, licenseEntries } from './testing/matrix-licenses.ts'
import { peopleEntries } from './testing/matrix-people.ts'
import { placeEntries } from './testing/matrix-places.ts'
import { recordEntries, recordOfEach } from './testing/matrix-record.ts'
import { taskEntries } from './testing/matrix-tasks.ts'
import { templateEntries } from './testing/matrix-templates.ts'
import { workspaceEntries } from './testing/matrix-workspaces.ts'
import { type Asker, type MatrixWorld, matrixWorld } from './testing/matrix-world.ts'

/**
 * Every route of the running server, asked by somebody of each built-in role, by nobody and by the token of an agent,
 * about what is his own, what is of his organization, and what is of another one. What should be answered is computed
 * from the roles; a route without a line in the tables fails.
 */

let world: MatrixWorld
let entries: Record<keyof typeof endpoints, Entry>

beforeAll(async () => {
  world = await matrixWorld()
  // The types make the tables complete: an endpoint without a line is an error of the compiler as well.
  entries = {
    ...peopleEntries,
    ...placeEntries,
    ...boundaryEntries,
    ...licenseEntries(await buildsOfEach(world)),
    ...templateEntries,
    ...workspaceEntries,
    ...taskEntries,
    ...recordEntries(await recordOfEach(world)),
  }
})
afterAll(() => world[Symbol.asyncDispose]())

const unknownId = uuidv7(systemClock.now())
const whiches = ['own', 'same organization', 'other organization'] as const

function placeOf(asker: Asker, which: Place['which']): Place {
  const holder = which === 'own' ? asker.person : which === 'same organization' ? world.peer : world.stranger
  return { world, asker, which, holder, organizationId: which === 'other organization' ? world.abroad : world.home }
}

test('the tables have a line for each route, and no line is for none', () => {
  const names = world.app.routes.map(({ endpoint }) => endpoint.name)
  expect(new Set(names).size).toBe(names.length)
  expect(Object.keys(entries).toSorted()).toEqual(names.toSorted())
  for (const { endpoint } of world.app.routes) {
    expect(endpoint.permission, endpoint.name).toMatch(/^(?:public|signed_in|[a-z_]+:[a-z_]+)$/)
  }
  expect(world.askers.map(({ name }) => name)).toEqual([...builtInRoles.map(({ name }) => name), 'agent', 'nobody'])
})

describe('each route answers everybody as the roles say', () => {
  for (const which of whiches) {
    test(`about what is ${which}`, async () => {
      const wrong: string[] = []
      for (const { endpoint } of world.app.routes) {
        // SAFETY: the test above holds that the names are those of the tables.
        const entry = entries[endpoint.name as keyof typeof endpoints]
        const seen = await Promise.all(world.askers.map((asker) => differs(endpoint, entry, placeOf(asker, which))))
        wrong.push(...seen.flat())
      }
      expect(wrong).toEqual([])
    }, 600_000)
  }
})

test('what may not be seen is answered as what is not there, word for word', async () => {
  const told: string[] = []
  let compared = 0
  const admins = world.askers.filter(({ name }) => name === 'organization-admin' || name === 'member')
  for (const { endpoint } of world.app.routes.filter((route) => route.endpoint.path.includes(':'))) {
    for (const asker of admins) {
      // SAFETY: as above.
      const {
        params = {},
        query,
        body,
      } = await entries[endpoint.name as keyof typeof endpoints](placeOf(asker, 'other organization'))
      const asked = (named: Readonly<Record<string, string>>) => {
        const path = fillPath(endpoint.path, named) + (query === undefined ? '' : `?${query}`)
        return world.ask(endpoint.method, path, asker.token, body)
      }
      const hidden = await asked(params)
      if (hidden.status !== 404) continue
      const others = Object.entries(params).map(([name, value]) => [name, isUuid(value) ? unknownId : value] as const)
      const absent = await asked(Object.fromEntries(others))
      compared++
      const [one, other] = [hidden, absent].map((answer) => JSON.stringify(answer).replace(/"request_id":"[^"]*"/, ''))
      if (one !== other) told.push(`${endpoint.name} by ${asker.name}: ${one} and ${other}`)
    }
  }
  expect(told).toEqual([])
  expect(compared).toBeGreaterThan(30)
})

/** What was answered otherwise than the roles say, in words. */
async function differs(endpoint: App['endpoint'], entry: Entry, place: Place): Promise<string[]> {
  const { asker } = place
  const request = await entry(place)
  const { params = {}, query, body, checks = [], answers, token = asker.token, list } = request
  const path = fillPath(endpoint.path, params) + (query === undefined ? '' : `?${query}`)
  const { status, json } = await world.ask(endpoint.method, path, token, body)
  const granted = answers ?? endpoint.status
  const expected =
    asker.actor === null && endpoint.permission !== 'public'
      ? 401
      : asker.actor === null
        ? granted
        : statusFor(asker.actor, endpoint.permission, checks, granted)
  const what = `${endpoint.name} by ${asker.name}`
  if (status !== expected) return [`${what}: ${status} instead of ${expected} ${JSON.stringify(json) ?? ''}`]
  if (list === undefined || status !== endpoint.status || asker.actor === null) return []
  const shown = new Set(list.ids(json))
  const { actor } = asker
  return list.known
    .filter(({ id, permission, object }) => shown.has(id) !== allows(actor, permission, object))
    .map(({ id }) => `${what}: ${id} is ${shown.has(id) ? 'shown and may not be' : 'not shown'}`)
}

type App = MatrixWorld['app']['routes'][number]
