import type { AuditRow } from './queries.ts'

/** The class of an event in OCSF, and what of its activities it is. `name` is OCSF's short one. */
export interface OcsfClass {
  readonly name: 'account_change' | 'authentication' | 'entity_management' | 'user_access' | 'api_activity'
  readonly category_uid: number
  readonly category_name: string
  readonly class_uid: number
  readonly class_name: string
  readonly activity_id: number
  readonly activity_name: string
}

type Activity = readonly [id: number, name: string]

const iam = { category_uid: 3, category_name: 'Identity & Access Management' }
/** An activity that OCSF has no word for. */
export const other: Activity = [99, 'Other']

/** What the category Identity & Access Management is about; people have classes of their own before it. */
const entities: ReadonlySet<string> = new Set([
  'api_key',
  'external_auth_link',
  'git_ssh_key',
  'group',
  'idp_sync_settings',
  'organization',
  'organization_member',
  'role',
  'user',
  'user_secret',
])

export function ocsfClassOf(row: AuditRow): OcsfClass {
  const { action, resource_type } = row
  const signIn = signInActivities.get(action)
  if (signIn !== undefined) return authentication(signIn)
  if (resource_type === 'user' && action === 'assign_roles') return userAccess(privilegeActivity(row))
  const change = resource_type === 'user' ? accountActivity(row) : null
  if (change !== null) return accountChange(change)
  const activity = activities.get(action) ?? other
  return entities.has(resource_type) && activity !== other ? entityManagement(activity) : apiActivity(activity)
}

const made =
  (facts: Omit<OcsfClass, 'activity_id' | 'activity_name'>) =>
  ([activity_id, activity_name]: Activity): OcsfClass => ({ ...facts, activity_id, activity_name })

const accountChange = made({ ...iam, name: 'account_change', class_uid: 3001, class_name: 'Account Change' })
const authentication = made({ ...iam, name: 'authentication', class_uid: 3002, class_name: 'Authentication' })
const entityManagement = made({ ...iam, name: 'entity_management', class_uid: 3004, class_name: 'Entity Management' })
const userAccess = made({ ...iam, name: 'user_access', class_uid: 3005, class_name: 'User Access Management' })
export const apiActivity = made({
  category_uid: 6,
  category_name: 'Application Activity',
  name: 'api_activity',
  class_uid: 6003,
  class_name: 'API Activity',
})

const signInActivities: ReadonlyMap<string, Activity> = new Map([
  ['login', [1, 'Logon']],
  ['logout', [2, 'Logoff']],
])

/** Null for a change that OCSF has no word for, as of a name. */
function accountActivity(row: AuditRow): Activity | null {
  if (row.action === 'create') return [1, 'Create']
  if (row.action === 'delete') return [6, 'Delete']
  if (row.action === 'reset_password') return [4, 'Password Reset']
  if (row.action !== 'write') return null
  const { now: status } = changeOf(row, 'status')
  if (status !== null) return status === 'active' ? [2, 'Enable'] : [5, 'Disable']
  return changeOf(row, 'password').isThere ? [3, 'Password Change'] : null
}

/** Roles that came in the place of others are neither assigned nor revoked alone. */
function privilegeActivity(row: AuditRow): Activity {
  const { came, went } = roleChange(row)
  if (went.length === 0) return [1, 'Assign Privileges']
  return came.length === 0 ? [2, 'Revoke Privileges'] : other
}

/** The roles that an event gave and took; those that stayed are not what it is about. */
export function roleChange(row: AuditRow): { readonly came: readonly string[]; readonly went: readonly string[] } {
  const { old, now } = changeOf(row, 'roles')
  return {
    came: namesOf(now).filter((name) => !namesOf(old).includes(name)),
    went: namesOf(old).filter((name) => !namesOf(now).includes(name)),
  }
}

const namesOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((name: unknown) => typeof name === 'string') : []

/** What an event says of one field; nulls where it says nothing. */
function changeOf({ diff }: AuditRow, field: string): { isThere: boolean; old: unknown; now: unknown } {
  const found: unknown =
    typeof diff === 'object' && diff !== null && !Array.isArray(diff)
      ? Object.entries(diff).find(([name]) => name === field)?.[1]
      : undefined
  if (typeof found !== 'object' || found === null) return { isThere: false, old: null, now: null }
  return { isThere: true, old: 'old' in found ? found.old : null, now: 'new' in found ? found.new : null }
}

const activities: ReadonlyMap<string, Activity> = new Map([
  ['create', [1, 'Create']],
  ['read', [2, 'Read']],
  ['read_content', [2, 'Read']],
  ['export', [2, 'Read']],
  ['write', [3, 'Update']],
  ['delete', [4, 'Delete']],
])
