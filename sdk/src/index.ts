export { AuditEvent } from './audit.ts'
export {
  Capture,
  Interception,
  Outcome,
  Session,
  Thread,
  TimelineEvent,
  TokenUsage,
  TokenUsageSummary,
} from './bridge.ts'
export {
  type Client,
  type ClientOptions,
  createClient,
  type Download,
  type Events,
  type SendOptions,
} from './client.ts'
export { MinimalUser } from './common.ts'
export { Organization } from './deployment.ts'
export { type Endpoint, fillPath, type Permission, type Schema } from './endpoint.ts'
export { endpoints } from './endpoints.ts'
export { faultFromNetwork } from './failure.ts'
export { type Followed, type FollowOptions, follow } from './follow.ts'
export { openApiDocument, type OpenApiOptions } from './openapi.ts'
export {
  type Action,
  type Grantable,
  grantables,
  isGrantable,
  type Resource,
  resourceActions,
  resources,
} from './permissions.ts'
export { ApiError } from './problem.ts'
export { ApiKey, Scope, scopeAliases, scopes } from './tokens.ts'
export { User } from './users.ts'
