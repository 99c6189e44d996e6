import type { Uuid } from '@reeve/base'
import { endpoints, type Role } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import { implement, type Route, signedIn } from '../../http/implement.ts'
import { rolesChanged } from '../events.ts'
import { checkAccess, explainAccess } from './explain.ts'
import type { Tx } from '../../db/database.ts'
import { demand } from '../../http/demand.ts'
import { changeCredentials, type Identity, resolveUser } from '../identity.ts'
import { resolveOrganization } from '../organizations/organizations.ts'
import { presentRole, presentUser } from '../present.ts'
import { findUser } from '../queries.ts'
import { refusalOnRecord } from '../refused.ts'
import { createRole, deleteRole, replaceRole } from './role-changes.ts'
import { findStanding } from './queries.ts'
import { assignRoles, knownRoles, mayReadRoles } from './roles.ts'

export function roleRoutes(identity: Identity): Route[] {
  const { db } = identity
  const list = async (actor: Actor, organizationId: Uuid | null): Promise<Role[]> =>
    (await knownRoles(db.sql, organizationId)).map((role) => presentRole(role, actor))
  const within = async (
    actor: Actor,
    ref: string,
    needs: 'role:read' | 'role:create' | 'role:update' | 'role:delete',
  ) => (await resolveOrganization(db.sql, actor, ref, needs)).id
  return [
    implement(endpoints.listSiteRoles, (_, scope) => {
      const actor = signedIn(scope)
      demand(actor, 'role:read', {})
      return list(actor, null)
    }),
    implement(endpoints.createSiteRole, async ({ body }, scope) =>
      presentRole(await createRole(identity, scope, null, body), signedIn(scope)),
    ),
    implement(endpoints.updateSiteRole, async ({ body }, scope) =>
      presentRole(await replaceRole(identity, scope, null, body), signedIn(scope)),
    ),
    implement(endpoints.deleteSiteRole, ({ params }, scope) => deleteRole(identity, scope, null, params.role)),
    implement(endpoints.listOrganizationRoles, async ({ params }, scope) => {
      const actor = signedIn(scope)
      return list(actor, await within(actor, params.organization, 'role:read'))
    }),
    implement(endpoints.createOrganizationRole, async ({ params, body }, scope) => {
      const actor = signedIn(scope)
      const id = await within(actor, params.organization, 'role:create')
      return presentRole(await createRole(identity, scope, id, body), actor)
    }),
    implement(endpoints.updateOrganizationRole, async ({ params, body }, scope) => {
      const actor = signedIn(scope)
      const id = await within(actor, params.organization, 'role:update')
      return presentRole(await replaceRole(identity, scope, id, body), actor)
    }),
    implement(endpoints.deleteOrganizationRole, async ({ params }, scope) => {
      const id = await within(signedIn(scope), params.organization, 'role:delete')
      await deleteRole(identity, scope, id, params.role)
    }),
    implement(endpoints.getUserRoles, async ({ params }, scope) => {
      const actor = signedIn(scope)
      const user = await resolveUser(db.sql, actor, params.user, 'user:read')
      const memberships = (await findStanding(db.sql, user.id))?.memberships ?? []
      const readable = memberships.filter(({ organizationId }) => mayReadRoles(actor, user.id, organizationId))
      return {
        roles: user.roles,
        organization_roles: Object.fromEntries(readable.map((each) => [each.organizationId, [...each.roles]])),
      }
    }),
    implement(endpoints.setUserRoles, async ({ params, body }, scope) => {
      const actor = signedIn(scope)
      const user = await resolveUser(db.sql, actor, params.user, 'user:read')
      demand(actor, 'role:assign', {})
      const wish = { userId: user.id, organizationId: null, roles: body.roles, at: identity.clock.now() }
      const attempt = rolesChanged(user, undefined, user.roles, body.roles)
      const assign = async (tx: Tx) => {
        await assignRoles(tx, scope, wish)
        return presentUser((await findUser(tx, { id: user.id })) ?? user)
      }
      return refusalOnRecord(identity, scope, attempt, () => changeCredentials(identity, { userId: user.id }, assign))
    }),
    implement(endpoints.explainAccess, ({ params, query }, scope) =>
      explainAccess(db, signedIn(scope), params.user, query),
    ),
    implement(endpoints.checkAccess, ({ body }, scope) => checkAccess(signedIn(scope), body.checks)),
  ]
}
