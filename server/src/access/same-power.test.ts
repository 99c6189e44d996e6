import { expect, test } from 'vitest'
import type { Actor } from './actor.ts'
import { heldRoles } from './built-in-roles.ts'
import { samePower } from './same-power.ts'

const actor: Actor = {
  userId: 'dana',
  username: 'dana',
  organizationIds: ['a', 'b'],
  groupIds: ['g', 'h'],
  roles: heldRoles(['auditor'], [{ organizationId: 'a', roles: [] }]),
  apiKeyId: 'k',
  scopes: ['api', 'gateway'],
  allowList: null,
}

test('the same facts in another order are the same power', () => {
  const again = { ...actor, organizationIds: ['b', 'a'], groupIds: ['h', 'g'], roles: actor.roles.toReversed() }
  expect(samePower(actor, again)).toBe(true)
})

test.each<[string, Partial<Actor>]>([
  ['a role that was taken away', { roles: heldRoles([], [{ organizationId: 'a', roles: [] }]) }],
  ['an organization that was left', { organizationIds: ['a'] }],
  ['a group that was left', { groupIds: ['g'] }],
  ['a narrower scope', { scopes: ['api'] }],
  ['an allow list', { allowList: [{ type: 'interception', id: 'x' }] }],
  ['a role that grants less than before', { roles: actor.roles.map((role) => ({ ...role, site: new Set() })) }],
])('%s is another power', (_, change) => {
  expect(samePower(actor, { ...actor, ...change })).toBe(false)
})
