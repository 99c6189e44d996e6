import { endpoints, type GroupWithMembers } from '@reeve/sdk'
import { visibility } from '../../access/policy.ts'
import { implement, type Route, signedIn } from '../../http/implement.ts'
import { type GroupRow, selectGroupMembers } from './group-queries.ts'
import { changeGroup, createGroup, deleteGroup, listGroups, resolveGroup, resolveGroupNamed } from './groups.ts'
import type { Identity } from '../identity.ts'
import { addMember, listMembers, removeMember, resolveMember, setMemberRoles } from './members.ts'
import { selectOrganizations } from './queries.ts'
import { changeOrganization, createOrganization, deleteOrganization, resolveOrganization } from './organizations.ts'
import { presentGroup, presentMember, presentOrganization } from '../present.ts'

export function organizationRoutes(identity: Identity): Route[] {
  const { sql } = identity.db
  return [
    implement(endpoints.listOrganizations, async (_, scope) => {
      const rows = await selectOrganizations(sql, visibility(signedIn(scope), 'organization:read'))
      return rows.map(presentOrganization)
    }),
    implement(endpoints.getOrganization, async ({ params }, scope) =>
      presentOrganization(await resolveOrganization(sql, signedIn(scope), params.organization, 'organization:read')),
    ),
    implement(endpoints.createOrganization, async ({ body }, scope) =>
      presentOrganization(await createOrganization(identity, scope, body)),
    ),
    implement(endpoints.updateOrganization, async ({ params, body }, scope) =>
      presentOrganization(await changeOrganization(identity, scope, params.organization, body)),
    ),
    implement(endpoints.deleteOrganization, ({ params }, scope) =>
      deleteOrganization(identity, scope, params.organization),
    ),
    implement(endpoints.listMembers, async ({ params, query }, scope) => {
      const { rows, count } = await listMembers(identity, signedIn(scope), params.organization, query)
      return { members: rows.map(presentMember), count }
    }),
    implement(endpoints.getMember, async ({ params: { organization, user } }, scope) => {
      const found = await resolveMember(identity, signedIn(scope), organization, user, 'organization_member:read')
      return presentMember(found.member)
    }),
    implement(endpoints.addMember, async ({ params: { organization, user } }, scope) =>
      presentMember(await addMember(identity, scope, organization, user)),
    ),
    implement(endpoints.removeMember, ({ params: { organization, user } }, scope) =>
      removeMember(identity, scope, organization, user),
    ),
    implement(endpoints.setMemberRoles, async ({ params: { organization, user }, body }, scope) =>
      presentMember(await setMemberRoles(identity, scope, organization, user, body.roles)),
    ),
  ]
}

const membersShown = 1000

export function groupRoutes(identity: Identity): Route[] {
  const withMembers = async (group: GroupRow): Promise<GroupWithMembers> => ({
    ...presentGroup(group),
    members: await selectGroupMembers(identity.db.sql, group.id, membersShown),
  })
  return [
    implement(endpoints.listGroups, async ({ params }, scope) =>
      (await listGroups(identity, signedIn(scope), params.organization)).map(presentGroup),
    ),
    implement(endpoints.getGroupByName, async ({ params: { organization, group } }, scope) =>
      withMembers(await resolveGroupNamed(identity, signedIn(scope), organization, group)),
    ),
    implement(endpoints.createGroup, async ({ params, body }, scope) =>
      withMembers(await createGroup(identity, scope, params.organization, body)),
    ),
    implement(endpoints.getGroup, async ({ params }, scope) =>
      withMembers(await resolveGroup(identity, signedIn(scope), params.group, 'group:read')),
    ),
    implement(endpoints.updateGroup, async ({ params, body }, scope) =>
      withMembers(await changeGroup(identity, scope, params.group, body)),
    ),
    implement(endpoints.deleteGroup, ({ params }, scope) => deleteGroup(identity, scope, params.group)),
  ]
}
