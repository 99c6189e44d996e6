import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimValues, describePerson, mergeClaims, nthUsername, storableClaims, usernameFrom } from './claims.ts'
import { accessChange, type Directory, type HeldAccess, isNoChange, wantedAccess } from './mapping.ts'
import { compilePattern, patternProblem } from './pattern.ts'
import { noGroupSync, type SyncSettings } from './settings.ts'

const [home, away] = ['0190a000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000002']
const [eng, ops, staff, far] = ['g-eng', 'g-ops', 'g-staff', 'g-far']

const directory: Directory = {
  organizations: [
    { id: home, name: 'home', isDefault: true, defaultRoles: ['organization-workspace-access'] },
    { id: away, name: 'away', isDefault: false, defaultRoles: [] },
  ],
  groups: [
    { id: eng, organizationId: home, name: 'eng', isSynced: true },
    { id: ops, organizationId: home, name: 'Ops', isSynced: true },
    { id: staff, organizationId: home, name: 'staff', isSynced: false },
    { id: far, organizationId: away, name: 'far', isSynced: true },
  ],
  siteRoles: new Set(['owner', 'auditor']),
  organizationRoles: new Map([
    [home, new Set(['organization-workspace-access', 'organization-admin'])],
    [away, new Set(['organization-admin'])],
  ]),
}

const off: SyncSettings = {
  siteRoles: { field: '', mapping: {}, fallback: [] },
  organization: { field: '', mapping: {}, organization_assign_default: true },
  groups: new Map(),
  roles: new Map(),
}
const groups = (own: Partial<typeof noGroupSync> & { names?: Record<string, string> }): SyncSettings => ({
  ...off,
  groups: new Map([[home, { ...noGroupSync, field: 'groups', names: {}, ...own }]]),
})
const nobody: HeldAccess = { siteRoles: [], memberships: [], groupIds: [] }
const member: HeldAccess = {
  siteRoles: ['auditor'],
  memberships: [{ organizationId: home, roles: ['organization-workspace-access'] }],
  groupIds: [eng, staff],
}
const change = (held: HeldAccess, claims: object, settings: SyncSettings) =>
  accessChange(held, wantedAccess({ ...claims }, settings, directory), directory)

describe('with sync off', () => {
  test('what people gave stays, and somebody new is in the default organization', () => {
    expect(isNoChange(change(member, { groups: ['x'], roles: ['owner'] }, off))).toBe(true)
    expect(change(nobody, {}, off).joins).toEqual([{ organizationId: home, roles: ['organization-workspace-access'] }])
  })
})

describe('groups', () => {
  test('are given and taken, but for those that people made', () => {
    expect(change(member, { groups: ['Ops'] }, groups({}))).toMatchObject({ groupsJoined: [ops], groupsLeft: [eng] })
    expect(change(member, {}, groups({}))).toMatchObject({ groupsJoined: [], groupsLeft: [eng] })
  })

  test('that people made are given when they are mapped, and then also taken', () => {
    const mapped = groups({ mapping: { everybody: [staff] } })
    expect(change(nobody, { groups: ['everybody'] }, mapped).groupsJoined).toEqual([staff])
    expect(change(member, { groups: ['eng'] }, mapped).groupsLeft).toEqual([staff])
    const named = groups({ names: { everybody: 'staff' } })
    expect(change(nobody, { groups: ['everybody'] }, named).groupsJoined).toEqual([staff])
  })

  test('are neither taken over by their name nor told apart by upper and lower case', () => {
    const { ignored, groups: wanted } = wantedAccess({ groups: ['staff', 'ops', 'new'] }, groups({}), directory)
    expect(wanted.get(home)?.ids).toEqual([])
    expect(ignored.map(({ value }) => value)).toEqual(['staff', 'ops', 'new'])
  })

  test('are made when that is wanted and the name can be one, of this organization’s members only', () => {
    const settings = groups({ auto_create_missing_groups: true, regex_filter: '^[a-z]' })
    const values = ['new one', 'Filtered', '../x', 'x'.repeat(65), 'eng']
    expect(change(nobody, { groups: values }, settings).newGroups).toEqual([{ organizationId: home, name: 'new one' }])
    const elsewhere = { ...settings, organization: { field: 'org', mapping: {}, organization_assign_default: false } }
    expect(change(nobody, { groups: values }, elsewhere)).toMatchObject({ newGroups: [], groupsJoined: [] })
  })
})

describe('organizations', () => {
  const settings: SyncSettings = {
    ...off,
    organization: { field: 'org', mapping: { far: [away] }, organization_assign_default: false },
  }

  test('are joined with the roles of new members, and left with the groups in them', () => {
    const moved = change(member, { org: 'far' }, settings)
    expect(moved).toMatchObject({ joins: [{ organizationId: away, roles: [] }], leaves: [home] })
    expect(moved.groupsLeft).toEqual([eng, staff])
  })

  test('have the default one among them when that is wanted', () => {
    const both = { ...settings, organization: { ...settings.organization, organization_assign_default: true } }
    expect(change(member, { org: ['far'] }, both)).toMatchObject({ joins: [{ organizationId: away }], leaves: [] })
  })
})

describe('roles', () => {
  test('at the site are those of the claim and the defaults, and unknown ones give nothing', () => {
    const settings: SyncSettings = {
      ...off,
      siteRoles: { field: 'duty', mapping: { a: ['owner', 'gone'] }, fallback: ['auditor'] },
    }
    expect(change(nobody, { duty: 'a' }, settings).siteRoles).toEqual(['auditor', 'owner'])
    expect(change(member, { duty: [] }, settings).siteRoles).toBe(null)
    expect(wantedAccess({ duty: ['a'] }, settings, directory).ignored).toEqual([
      { value: 'gone', reason: 'there is no such role' },
    ])
  })

  test('in an organization come on top of what every member has', () => {
    const settings: SyncSettings = {
      ...off,
      roles: new Map([[home, { field: 'duty', mapping: { lead: ['organization-admin'] } }]]),
    }
    const lead = ['organization-admin', 'organization-workspace-access']
    expect(change(member, { duty: 'lead' }, settings).roles).toEqual([{ organizationId: home, roles: lead }])
    const held = { ...member, memberships: [{ organizationId: home, roles: lead }] }
    expect(change(held, {}, settings).roles).toEqual([
      { organizationId: home, roles: ['organization-workspace-access'] },
    ])
  })

  test('are not given by a claim value that is the name of something in JavaScript', () => {
    const settings: SyncSettings = { ...off, siteRoles: { field: 'duty', mapping: {}, fallback: [] } }
    for (const value of ['constructor', '__proto__', 'toString']) {
      expect(wantedAccess({ duty: [value] }, settings, directory).siteRoles).toEqual([])
    }
  })
})

test('whatever the claims are, applying them twice changes nothing the second time', () => {
  const settings: SyncSettings = {
    siteRoles: { field: 'r', mapping: { a: ['owner'], b: ['auditor'] }, fallback: [] },
    organization: { field: 'o', mapping: { h: [home], f: [away] }, organization_assign_default: false },
    groups: new Map([
      [home, { ...noGroupSync, field: 'g', mapping: { s: [staff] }, names: {} }],
      [away, { ...noGroupSync, field: 'g', names: {} }],
    ]),
    roles: new Map([[away, { field: 'r', mapping: { a: ['organization-admin'] } }]]),
  }
  const some = (...values: string[]) => fc.subarray(values)
  fc.assert(
    fc.property(
      some('a', 'b', 'x'),
      some('h', 'f'),
      some('eng', 'Ops', 's', 'far'),
      some(eng, staff, far),
      (r, o, g, had) => {
        const wanted = wantedAccess({ r, o, g }, settings, directory)
        const first = accessChange({ ...member, groupIds: had }, wanted, directory)
        const stays = member.memberships.filter(({ organizationId }) => !first.leaves.includes(organizationId))
        const after: HeldAccess = {
          siteRoles: first.siteRoles ?? member.siteRoles,
          memberships: [...stays, ...first.joins].map(
            (each) => first.roles.find(({ organizationId }) => organizationId === each.organizationId) ?? each,
          ),
          groupIds: [...had.filter((id) => !first.groupsLeft.includes(id)), ...first.groupsJoined],
        }
        expect(isNoChange(accessChange(after, wanted, directory))).toBe(true)
      },
    ),
  )
})

describe('claims', () => {
  test('are read as lists of texts, whatever they are', () => {
    const claims = { a: ['x', 1, null, { y: 1 }, '', 'x', '\0', '\uD800'], b: 'one', c: { d: 1 } }
    expect(claimValues(claims, 'a')).toEqual(['x', '1'])
    expect(claimValues(claims, 'b')).toEqual(['one'])
    expect(claimValues(claims, 'c')).toEqual([])
    expect(claimValues(claims, 'd')).toBe(null)
    expect(claimValues(claims, 'toString')).toBe(null)
  })

  test('of user info win, but for those that protect the token', () => {
    const merged = mergeClaims({ sub: 'a', iss: 'i', name: 'old' }, { sub: 'b', iss: 'j', name: 'new' })
    expect(merged).toEqual({ sub: 'a', iss: 'i', name: 'new' })
  })

  test('are kept without what PostgreSQL cannot store, and bounded', () => {
    expect(JSON.parse(storableClaims({ sub: 'a', nonce: 'n', x: 'a\0b' }))).toEqual({ sub: 'a', x: 'a\uFFFDb' })
    expect(storableClaims({ sub: 'a', x: 'y'.repeat(300_000) }).length).toBeLessThan(100)
  })

  test('name people by what a username can be', () => {
    expect(['Zoë.Ünal@x.org', '--a__b--', '日本', 'me', 'x'.repeat(40)].map(usernameFrom)).toEqual([
      'Zoe-Unal',
      'a-b',
      '',
      'me-1',
      'x'.repeat(32),
    ])
    expect([nthUsername('', 1), nthUsername('a', 3), nthUsername('x'.repeat(32), 12)]).toEqual([
      'user',
      'a-3',
      `${'x'.repeat(29)}-12`,
    ])
  })

  test('without an address may have one in the name', () => {
    const config = { fields: { username: 'u', name: 'n', email: 'e' }, ignoreEmailVerified: false }
    expect(describePerson({ u: 'Dana@Example.com' }, config)).toMatchObject({
      email: 'dana@example.com',
      isEmailVerified: false,
    })
    expect(describePerson({ u: 'dana@example.com', e: 'not one' }, config).email).toBe(null)
  })
})

describe('patterns that people write', () => {
  test('take time by the text and not by their cleverness', () => {
    expect(compilePattern('(a+)+$')(`${'a'.repeat(5_000)}b`)).toBe(false)
    expect(compilePattern('^eng-')('eng-core')).toBe(true)
  })

  test('that are none are told in words', () => {
    for (const source of ['(', 'a(?=b)', '\\1']) expect(patternProblem(source)).toContain('is no pattern in RE2 syntax')
  })
})
