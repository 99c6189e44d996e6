/**
 * Everything that can be allowed, as resources and what may be done with them. A permission is `resource:action`. Roles,
 * scopes of tokens and the declarations of endpoints are made of the same words.
 */
export const resourceActions = {
  user: ['create', 'read', 'update', 'delete'],
  organization: ['create', 'read', 'update', 'delete'],
  organization_member: ['create', 'read', 'update', 'delete'],
  group: ['create', 'read', 'update', 'delete'],
  role: ['create', 'read', 'update', 'delete', 'assign'],
  api_key: ['create', 'read', 'update', 'delete'],
  /**
   * Creating an interception is calling a model through the bridge; reading one shows who, when, what model, how much;
   * exporting is taking many of them away in a file.
   */
  interception: ['create', 'read', 'export'],
  /** The words themselves: prompts, answers, tool calls and their results. */
  interception_content: ['read'],
  ai_provider: ['create', 'read', 'update', 'delete'],
  /** Which models may be asked and which tools called. Reading what holds for oneself is asking whether one may. */
  ai_rules: ['read', 'update'],
  /** Creating a boundary is running a command behind one; reading shows what it decided, updating ends it. */
  boundary: ['create', 'read', 'update'],
  boundary_policy: ['create', 'read', 'update', 'delete'],
  /** Asking for what was denied; updating is deciding about what others asked for. */
  access_request: ['create', 'read', 'update'],
  usage: ['read'],
  license: ['create', 'read', 'delete'],
  audit_log: ['read', 'export', 'update'],
  deployment_config: ['read', 'update'],
  idp_settings: ['read', 'update'],
  external_auth: ['create', 'read', 'update', 'delete'],
  notification: ['read', 'update'],
  template: ['create', 'read', 'update', 'delete', 'use'],
  workspace: ['create', 'read', 'update', 'delete', 'start', 'stop', 'ssh', 'application_connect'],
  task: ['create', 'read', 'update', 'delete'],
} as const

export type Resource = keyof typeof resourceActions
export type Action = (typeof resourceActions)[Resource][number]
/** `resource:action`, for those pairs that there are. */
export type Grantable = { [R in Resource]: `${R}:${(typeof resourceActions)[R][number]}` }[Resource]

// SAFETY: keys of the object above.
export const resources = Object.keys(resourceActions) as Resource[]

export const grantables: readonly Grantable[] = resources.flatMap((resource) =>
  // SAFETY: an action of this very resource.
  resourceActions[resource].map((action) => `${resource}:${action}` as Grantable),
)

export const isGrantable = (text: string): text is Grantable => grantables.some((known) => known === text)
