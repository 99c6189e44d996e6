import { Fault, uuidv7 } from '@reeve/base'
import { GroupSync, OrganizationSync, RoleSync, SyncPreview, TestLogin } from '@reeve/sdk'
import { z } from 'zod'
import { appendAudit } from '../../audit/journal.ts'
import type { Actor } from '../../access/actor.ts'
import type { Executor } from '../../db/database.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { readDirectory, readHeld } from './access-queries.ts'
import { attemptMs } from './attempt.ts'
import { describePerson, storableClaims } from './claims.ts'
import { testLoginMade } from './events.ts'
import { accessChange, type Directory, type HeldAccess, wantedAccess, type WantedAccess } from './mapping.ts'
import type { Oidc } from './oidc.ts'
import { judge, type Verdict } from './people.ts'
import type { Outcome, SignedIn } from './provider.ts'
import { findTestLogin, insertTestLogin, type TestLoginRow, updateTestLogin } from './queries.ts'
import type { SyncSettings } from './settings.ts'
import { readSyncSettings } from './sync.ts'
import { checkTargets } from './sync-settings.ts'

/**
 * A sign-in for looking at: whoever prepared it goes through the provider in his own browser, and sees which claims came,
 * what they come to under the settings as he has edited them, and whether a real sign-in would be let in. Nothing of it
 * is kept but for an hour, nobody is made or linked, and no session begins.
 */
const keptMs = 60 * 60_000

const EditedSettings = z.object({
  organization: OrganizationSync.optional(),
  groups: z.record(z.string(), GroupSync).optional(),
  roles: z.record(z.string(), RoleSync).optional(),
})
type EditedSettings = z.infer<typeof EditedSettings>

export const testLoginPage = (id: string): string => `/sign-in?test=${id}`

export async function createTestLogin(
  oidc: Oidc,
  scope: Scope,
  edited: EditedSettings,
): Promise<{ id: string; url: string; expires_at: string }> {
  const { identity } = oidc
  const actor = signedIn(scope)
  const now = identity.clock.now()
  checkTargets(await readDirectory(identity.db.sql), edited)
  const id = uuidv7(now)
  const expires_at = new Date(now.getTime() + keptMs)
  const row = { id, user_id: actor.userId, settings: JSON.stringify(edited), created_at: now, expires_at }
  await insertTestLogin(identity.db.sql, row, now)
  const endsMs = now.getTime() + attemptMs
  return {
    id,
    url: `${identity.accessUrl}/api/v2/users/oidc/start?test=${id}`,
    expires_at: new Date(Math.min(endsMs, expires_at.getTime())).toISOString(),
  }
}

export async function getTestLogin({ identity }: Oidc, actor: Actor, id: string): Promise<TestLogin> {
  const row = await findTestLogin(identity.db.sql, id, actor.userId, identity.clock.now())
  if (row === undefined) throw new Fault('not_found', 'there is no such test login of yours')
  return {
    id: row.id,
    status: TestLogin.shape.status.parse(row.status),
    expires_at: row.expires_at.toISOString(),
    problem: row.problem,
    claims: TestLogin.shape.claims.parse(row.claims),
    verdict: TestLogin.shape.verdict.parse(row.verdict),
    preview: row.preview === null ? null : SyncPreview.parse(row.preview),
  }
}

export async function finishTestLogin(oidc: Oidc, scope: Scope, id: string, outcome: Outcome<SignedIn>): Promise<void> {
  const { identity, config } = oidc
  const now = identity.clock.now()
  const row = await findTestLogin(identity.db.sql, id, scope.actor?.userId, now)
  if (row === undefined) throw new Fault('not_found', 'there is no such test login of yours')
  const seen =
    outcome.kind === 'ok'
      ? await look(identity.db.sql, config, row, outcome.value)
      : { status: 'failed', problem: outcome.reason }
  await identity.db.transaction(async (tx) => {
    await updateTestLogin(tx, id, seen)
    const problem = outcome.kind === 'ok' ? null : outcome.reason
    await appendAudit(tx, { scope, at: now, ...testLoginMade(id, outcome.kind === 'ok' ? 'ok' : 'refused', problem) })
  })
}

async function look(db: Executor, config: Oidc['config'], row: TestLoginRow, who: SignedIn) {
  const directory = await readDirectory(db)
  const settings = overlaid(await readSyncSettings(db, config, directory), EditedSettings.parse(row.settings))
  const verdict = await judge(db, config, who)
  const user = 'user' in verdict ? verdict.user : null
  const held = user === null ? nobody : await readHeld(db, user.id)
  const wanted = wantedAccess(who.claims, settings, directory)
  return {
    status: 'done',
    claims: storableClaims(who.claims),
    verdict: JSON.stringify(verdictShown(verdict, describePerson(who.claims, config).username)),
    preview: JSON.stringify(previewOf(held, wanted, directory)),
  }
}

const nobody: HeldAccess = { siteRoles: [], memberships: [], groupIds: [] }

function overlaid(saved: SyncSettings, edited: EditedSettings): SyncSettings {
  const groups = Object.entries(edited.groups ?? {}).map(([id, own]) => [id, { ...own, names: {} }] as const)
  return {
    siteRoles: saved.siteRoles,
    organization: edited.organization ?? saved.organization,
    groups: new Map([...saved.groups, ...groups]),
    roles: new Map([...saved.roles, ...Object.entries(edited.roles ?? {})]),
  }
}

function verdictShown(verdict: Verdict, username: string): TestLogin['verdict'] {
  if (verdict.kind === 'refused') {
    const name = verdict.user?.username ?? null
    return { would_sign_in: false, as: 'nobody', username: name, reason: verdict.reason }
  }
  const name = 'user' in verdict ? verdict.user.username : username
  return { would_sign_in: true, as: verdict.kind, username: name, reason: null }
}

/** What somebody would have afterwards. */
export function previewOf(held: HeldAccess, wanted: WantedAccess, directory: Directory): SyncPreview {
  const change = accessChange(held, wanted, directory)
  const stays = held.memberships.filter(({ organizationId }) => !change.leaves.includes(organizationId))
  const members = [...stays, ...change.joins].map(({ organizationId }) => organizationId)
  const groupIds = [...held.groupIds.filter((id) => !change.groupsLeft.includes(id)), ...change.groupsJoined]
  return {
    site_roles: wanted.siteRoles === null ? null : [...wanted.siteRoles],
    organizations: directory.organizations
      .filter(({ id }) => members.includes(id))
      .map(({ id, name }) => {
        const groups = directory.groups.filter((each) => each.organizationId === id && groupIds.includes(each.id))
        const missing = wanted.groups.get(id)?.missing ?? []
        const roles = wanted.roles.get(id)
        return {
          id,
          name,
          groups: wanted.groups.has(id) ? [...groups.map((group) => group.name), ...missing] : null,
          new_groups: [...missing],
          roles: roles === undefined ? null : [...roles],
        }
      }),
    ignored: wanted.ignored.slice(0, 200).map(({ value, reason }) => ({ value, reason })),
  }
}
