import type { Grantable, Resource } from '@reeve/sdk'

/**
 * How far a role may let its holder reach with a permission: every object, those of an organization, or his own. What
 * is asked before there is an object, whether the permission is held anywhere, is enough for things that there are once
 * in a deployment; so such a permission never stands in a role of an organization.
 */
export type RoleLevel = 'site' | 'organization' | 'own'

const ofResource: Readonly<Record<Resource, readonly RoleLevel[]>> = {
  user: ['site'],
  organization: ['site', 'organization'],
  organization_member: ['site', 'organization'],
  group: ['site', 'organization'],
  role: ['site', 'organization'],
  api_key: ['site', 'own'],
  interception: ['site', 'organization', 'own'],
  interception_content: ['site', 'organization', 'own'],
  ai_provider: ['site'],
  ai_rules: ['site', 'organization', 'own'],
  boundary: ['site', 'organization', 'own'],
  boundary_policy: ['site', 'organization', 'own'],
  access_request: ['site', 'organization', 'own'],
  usage: ['site', 'organization', 'own'],
  license: ['site'],
  audit_log: ['site', 'organization'],
  deployment_config: ['site'],
  idp_settings: ['site', 'organization'],
  external_auth: ['site', 'own'],
  notification: ['site', 'own'],
  template: ['site', 'organization', 'own'],
  workspace: ['site', 'organization', 'own'],
  task: ['site', 'organization', 'own'],
}

const ofPermission: Readonly<Partial<Record<Grantable, readonly RoleLevel[]>>> = {
  'user:read': ['site', 'own'],
  'organization:create': ['site'],
  'audit_log:update': ['site'],
  'ai_rules:update': ['site', 'organization'],
  'boundary_policy:create': ['site', 'organization'],
  'boundary_policy:update': ['site', 'organization'],
  'boundary_policy:delete': ['site', 'organization'],
  'access_request:update': ['site', 'organization'],
}

export function mayStandAt(permission: Grantable, level: RoleLevel): boolean {
  // SAFETY: a permission is a resource, a colon and an action.
  const resource = permission.slice(0, permission.indexOf(':')) as Resource
  return (ofPermission[permission] ?? ofResource[resource]).includes(level)
}
