import type { Uuid } from '@reeve/base'
import { GroupSync, OrganizationSync, RoleSync } from '@reeve/sdk'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import type { Scope } from '../../http/implement.ts'
import { enqueue } from '../../outbox/outbox.ts'
import { changePayload, credentialChannel } from '../tokens/authenticate.ts'
import { countActiveOwners, type UserRow } from '../queries.ts'
import { notifyCredentials } from '../tokens/queries.ts'
import { readDirectory, readHeld, writeChange } from './access-queries.ts'
import type { Claims } from './claims.ts'
import { accessSynced, rolesToldOf } from './events.ts'
import {
  type AccessChange,
  accessChange,
  type Directory,
  type HeldAccess,
  isNoChange,
  wantedAccess,
} from './mapping.ts'
import { selectSyncSettings, setSyncedFlags } from './queries.ts'
import { noGroupSync, noRoleSync, type OidcConfig, type SyncSettings } from './settings.ts'

/** The settings in force: what was saved, and else what the operator configured. */
export async function readSyncSettings(
  db: Executor,
  config: OidcConfig | null,
  { organizations }: Pick<Directory, 'organizations'>,
): Promise<SyncSettings> {
  const rows = await selectSyncSettings(db)
  const saved = (kind: string, id: Uuid | null) =>
    rows.find((row) => row.kind === kind && row.organization_id === id)?.settings
  const organization = saved('organization', null)
  return {
    siteRoles: config?.siteRoles ?? { field: '', mapping: {}, fallback: [] },
    organization:
      organization === undefined
        ? (config?.defaults.organization ?? { field: '', mapping: {}, organization_assign_default: true })
        : OrganizationSync.parse(organization),
    groups: new Map(
      organizations.map(({ id, isDefault }) => {
        const own = saved('groups', id)
        if (own !== undefined) return [id, { ...GroupSync.parse(own), names: {} }]
        const isConfigured = isDefault && config !== null
        return [
          id,
          isConfigured
            ? { ...config.defaults.groups, names: config.defaults.groupNames }
            : { ...noGroupSync, names: {} },
        ]
      }),
    ),
    roles: new Map(
      organizations.map(({ id }) => {
        const own = saved('roles', id)
        return [id, own === undefined ? noRoleSync : RoleSync.parse(own)]
      }),
    ),
  }
}

/**
 * Gives and takes what the claims come to. The caller holds the lock that changes of roles wait for, and forgets what is
 * remembered of the user's credentials when this says that something changed.
 */
export async function applyClaims(
  tx: Tx,
  config: OidcConfig,
  user: UserRow,
  claims: Claims,
  scope: Pick<Scope, 'requestId' | 'sourceIp' | 'userAgent'>,
  now: Date,
): Promise<boolean> {
  const directory = await readDirectory(tx)
  const settings = await readSyncSettings(tx, config, directory)
  await setSyncedFlags(tx, user.id, settings.siteRoles.field !== '', settings.organization.field !== '')
  const held = await readHeld(tx, user.id)
  const wished = accessChange(held, wantedAccess(claims, settings, directory), directory)
  const change = await keepLastOwner(tx, user, held, wished)
  if (isNoChange(change)) return false
  await writeChange(tx, user.id, change, now)
  const entry = accessSynced(user, held, change, directory)
  await appendAudit(tx, { scope: { ...scope, actor: null }, at: now, ...entry })
  // Whoever was made a moment ago knows of no roles that he had before.
  const isNew = user.created_at.getTime() === now.getTime()
  for (const told of isNew ? [] : rolesToldOf(held, change, directory)) {
    const facts = { ...told, by: 'the identity provider' }
    await enqueue(tx, { event: 'roles-changed', userIds: [user.id], facts, at: now })
  }
  await notifyCredentials(tx, credentialChannel, changePayload({ userId: user.id }))
  return true
}

/** Whatever the provider says, somebody stays who can undo it. */
async function keepLastOwner(tx: Tx, user: UserRow, held: HeldAccess, change: AccessChange): Promise<AccessChange> {
  const losesOwner =
    change.siteRoles !== null && held.siteRoles.includes('owner') && !change.siteRoles.includes('owner')
  if (!losesOwner || user.status === 'suspended' || (await countActiveOwners(tx)) > 1) return change
  const kept = ['owner', ...(change.siteRoles ?? [])]
  const isSame = kept.length === held.siteRoles.length && kept.every((name) => held.siteRoles.includes(name))
  return { ...change, siteRoles: isSame ? null : kept }
}
