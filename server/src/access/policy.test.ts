import fc from 'fast-check'
import { endpoints, type Permission, type Scope } from '@reeve/sdk'
import { expect, test } from 'vitest'
import type { Actor, Role } from './actor.ts'
import { allows, mayGrant, visibleOrganizations, visibleOwners } from './policy.ts'

const me = '0197c0de-0000-7000-8000-000000000001'
const other = '0197c0de-0000-7000-8000-000000000002'
const mine = '0197c0de-0000-7000-8000-0000000000a1'
const theirs = '0197c0de-0000-7000-8000-0000000000a2'

const actor = (roles: readonly Role[], scopes: readonly Scope[] = ['all']): Actor => ({
  userId: me,
  username: 'dana',
  organizationIds: [mine],
  roles,
  apiKeyId: 'key',
  scopes,
})

const permissions: Permission[] = [
  ...new Set(Object.values(endpoints).map((endpoint) => endpoint.permission)),
  'interception:create' as const,
]

test('a credential for the gateway calls models and does nothing else, whoever owns it', () => {
  for (const role of ['owner', 'auditor', 'member'] as const) {
    const allowed = permissions.filter((permission) => allows(actor([role], ['gateway']), permission))
    expect(allowed.sort()).toEqual(['interception:create', 'public'])
  }
})

test('a credential for the management API calls no models', () => {
  expect(allows(actor(['owner'], ['api']), 'interception:create')).toBe(false)
  expect(allows(actor(['owner'], ['api']), 'user:create')).toBe(true)
})

test('a credential without a scope may do nothing', () => {
  for (const permission of permissions.filter((p) => p !== 'public')) {
    expect(allows(actor(['owner'], []), permission)).toBe(false)
  }
})

test('a member reaches what is his and nothing of others', () => {
  const dana = actor(['member'])
  expect(allows(dana, 'interception:read', { ownerId: me })).toBe(true)
  expect(allows(dana, 'interception:read', { ownerId: other })).toBe(false)
  expect(allows(dana, 'interception:read', {})).toBe(false)
  expect(allows(dana, 'organization:read', { organizationId: mine })).toBe(true)
  expect(allows(dana, 'organization:read', { organizationId: theirs })).toBe(false)
  for (const permission of ['user:create', 'user:update', 'audit_log:read', 'deployment_config:read'] as const) {
    expect(allows(dana, permission)).toBe(false)
  }
})

test('an auditor reads users, interceptions and the audit log of everybody, and changes nothing', () => {
  const auditor = actor(['auditor'])
  for (const permission of ['user:read', 'interception:read', 'audit_log:read'] as const) {
    expect(allows(auditor, permission, { ownerId: other })).toBe(true)
  }
  for (const permission of ['user:create', 'user:update', 'deployment_config:read'] as const) {
    expect(allows(auditor, permission)).toBe(false)
  }
  expect(allows(auditor, 'api_key:read', { ownerId: other })).toBe(false)
})

test('what a list may show is exactly what single reads allow', () => {
  const anyActor = fc.record({
    roles: fc.subarray<Role>(['owner', 'auditor', 'member']),
    scopes: fc.subarray<Scope>(['all', 'gateway', 'api']),
  })
  fc.assert(
    fc.property(anyActor, fc.constantFrom(...permissions), fc.constantFrom(me, other), (drawn, permission, ownerId) => {
      fc.pre(permission !== 'public' && permission !== 'signed_in' && permission !== 'organization:read')
      const who = actor(drawn.roles, drawn.scopes)
      const owners = visibleOwners(who, permission)
      expect(owners === 'all' || owners.includes(ownerId)).toBe(allows(who, permission, { ownerId }))
    }),
  )
  expect(visibleOrganizations(actor([]), 'organization:read')).toEqual([mine])
  expect(visibleOrganizations(actor(['owner']), 'organization:read')).toBe('all')
  expect(visibleOrganizations(actor(['owner'], ['gateway']), 'organization:read')).toEqual([])
})

test('nobody grants a scope that he does not hold', () => {
  expect(mayGrant(['all'], 'gateway')).toBe(true)
  expect(mayGrant(['api'], 'gateway')).toBe(false)
  expect(mayGrant(['api'], 'all')).toBe(false)
  expect(mayGrant(['api', 'gateway'], 'all')).toBe(false)
  expect(mayGrant(['gateway'], 'gateway')).toBe(true)
})
