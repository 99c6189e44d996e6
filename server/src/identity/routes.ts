import { Fault } from '@reeve/base'
import { endpoints, type Permission } from '@reeve/sdk'
import { implement, implementSignIn, type Route, type Scope, signedIn } from '../http/implement.ts'
import { type Identity, resolveUser } from './identity.ts'
import { gitKeyOf, regenerateGitKey } from './git-keys/git-keys.ts'
import { groupRoutes, organizationRoutes } from './organizations/routes.ts'
import { presentGitKey, presentKey, presentUser, presentUserSecret } from './present.ts'
import { roleRoutes } from './roles/routes.ts'
import { createGuessLimits, signIn } from './sign-in/password-sign-in.ts'
import { signOut } from './sign-in/sessions.ts'
import { setResponsible } from './people/service-accounts.ts'
import { createFirstUser, isSetUp } from './people/setup.ts'
import { signInRoutes } from './sign-in/routes.ts'
import { createSessionKey, createToken, endKey, getKey, listTokens } from './tokens/tokens.ts'
import { selectUserSecrets } from './user-secrets/queries.ts'
import { createUserSecret, removeUserSecret, updateUserSecret, userSecretOf } from './user-secrets/user-secrets.ts'
import {
  activateUser,
  changePassword,
  changeProfile,
  createUser,
  deleteUser,
  listUsers,
  refuseDuplicates,
  suspendUser,
} from './people/users.ts'

export const identityRoutes = (identity: Identity): Route[] => [
  ...entryRoutes(identity),
  ...signInRoutes(identity),
  ...userRoutes(identity),
  ...tokenRoutes(identity),
  ...gitKeyRoutes(identity),
  ...userSecretRoutes(identity),
  ...organizationRoutes(identity),
  ...groupRoutes(identity),
  ...roleRoutes(identity),
]

function entryRoutes(identity: Identity): Route[] {
  const guesses = createGuessLimits(identity)
  return [
    implement(endpoints.getFirstUser, async () => {
      if (await isSetUp(identity)) return { message: 'the first owner exists' }
      throw new Fault('not_found', 'there is no owner yet', { fix: 'finish the setup' })
    }),
    implement(endpoints.createFirstUser, ({ body }, scope) =>
      refuseDuplicates(() => createFirstUser(identity, scope, body)),
    ),
    implement(endpoints.getAuthMethods, () => ({
      terms_of_service_url: '',
      password: { enabled: identity.passwordSignIn === 'everyone', reset: identity.sendsMail },
      github: { enabled: false, default_provider_configured: false },
      oidc: {
        enabled: identity.oidcButton !== null,
        ...(identity.oidcButton ?? { signInText: '', iconUrl: '', uninvitedText: '' }),
      },
    })),
    implementSignIn(endpoints.login, ({ body }, scope) => signIn(identity, guesses, scope, body)),
    implementSignIn(endpoints.logout, async (_, scope) => {
      await signOut(identity, scope)
      return { result: { message: 'signed out' }, session: null }
    }),
  ]
}

function userRoutes(identity: Identity): Route[] {
  return [
    implement(endpoints.listUsers, async ({ query }, scope) => {
      const { rows, count } = await listUsers(identity, signedIn(scope), query)
      return { users: rows.map(presentUser), count }
    }),
    implement(endpoints.createUser, async ({ body }, scope) => presentUser(await createUser(identity, scope, body))),
    implement(endpoints.getUser, async ({ params }, scope) =>
      presentUser(await resolveUser(identity.db.sql, signedIn(scope), params.user, 'user:read')),
    ),
    implement(endpoints.updateProfile, async ({ params, body }, scope) =>
      presentUser(await changeProfile(identity, scope, params.user, body)),
    ),
    implement(endpoints.deleteUser, ({ params }, scope) => deleteUser(identity, scope, params.user)),
    implement(endpoints.suspendUser, async ({ params }, scope) =>
      presentUser(await suspendUser(identity, scope, params.user)),
    ),
    implement(endpoints.activateUser, async ({ params }, scope) =>
      presentUser(await activateUser(identity, scope, params.user)),
    ),
    implement(endpoints.setServiceAccountOwner, async ({ params, body }, scope) =>
      presentUser(await setResponsible(identity, scope, params.user, body.owner)),
    ),
    implementSignIn(endpoints.changePassword, async ({ params, body }, scope) => {
      const session = await changePassword(identity, scope, params.user, body)
      return session === undefined ? { result: undefined } : { result: undefined, session }
    }),
  ]
}

function tokenRoutes(identity: Identity): Route[] {
  return [
    implement(endpoints.createToken, ({ params, body }, scope) => createToken(identity, scope, params.user, body)),
    implement(endpoints.createSessionKey, ({ params }, scope) => createSessionKey(identity, scope, params.user)),
    implement(endpoints.listTokens, async ({ params, query }, scope) => {
      const { include_all, include_expired, q = '' } = query
      const wish = { everybody: include_all === 'true', expired: include_expired === 'true', q }
      return (await listTokens(identity, signedIn(scope), params.user, wish)).map(presentKey)
    }),
    implement(endpoints.getTokenConfig, async ({ params }, scope) => {
      await resolveUser(identity.db.sql, signedIn(scope), params.user, 'api_key:read')
      return { max_token_lifetime: identity.tokens.maxLifetimeMs * 1e6 }
    }),
    implement(endpoints.getKey, async ({ params }, scope) =>
      presentKey(await getKey(identity, signedIn(scope), params.user, params.key)),
    ),
    implement(endpoints.deleteKey, ({ params }, scope) => endKey(identity, scope, params.user, params.key, 'delete')),
    implement(endpoints.expireKey, ({ params }, scope) => endKey(identity, scope, params.user, params.key, 'expire')),
  ]
}

const gitKeyRoutes = (identity: Identity): Route[] => [
  implement(endpoints.getGitSshKey, async ({ params }, scope) => {
    const user = await resolveUser(identity.db.sql, signedIn(scope), params.user, 'external_auth:read')
    return presentGitKey(await gitKeyOf(identity, user.id))
  }),
  implement(endpoints.regenerateGitSshKey, async ({ params }, scope) => {
    const user = await resolveUser(identity.db.sql, signedIn(scope), params.user, 'external_auth:update')
    return presentGitKey(await regenerateGitKey(identity, scope, user.id))
  }),
]

function userSecretRoutes(identity: Identity): Route[] {
  const { sql } = identity.db
  const holder = (scope: Scope, user: string, needs: Permission) => resolveUser(sql, signedIn(scope), user, needs)
  return [
    implement(endpoints.listUserSecrets, async ({ params }, scope) => {
      const { id } = await holder(scope, params.user, 'external_auth:read')
      return (await selectUserSecrets(sql, id)).map(presentUserSecret)
    }),
    implement(endpoints.createUserSecret, async ({ params, body }, scope) => {
      const { id } = await holder(scope, params.user, 'external_auth:create')
      return presentUserSecret(await createUserSecret(identity, scope, id, body))
    }),
    implement(endpoints.getUserSecret, async ({ params }, scope) => {
      const { id } = await holder(scope, params.user, 'external_auth:read')
      return presentUserSecret(await userSecretOf(sql, id, params.name))
    }),
    implement(endpoints.updateUserSecret, async ({ params, body }, scope) => {
      const { id: userId } = await holder(scope, params.user, 'external_auth:update')
      return presentUserSecret(await updateUserSecret(identity, scope, { userId, name: params.name }, body))
    }),
    implement(endpoints.deleteUserSecret, async ({ params }, scope) => {
      const { id } = await holder(scope, params.user, 'external_auth:delete')
      await removeUserSecret(identity, scope, id, params.name)
    }),
  ]
}
