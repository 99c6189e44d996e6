export { AuditCheckpoint, AuditEvent, AuditKey } from './audit.ts'
export { AiProvider, AiProviderKey, AiProviderTestResult, AiProviderType, aiKeysMax } from './ai-providers.ts'
export { AuditSink } from './audit-sinks.ts'
export {
  Capture,
  CredentialKind,
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
export { ContentRead, ContentReadHow } from './content.ts'
export { DeviceLogin } from './device-login.ts'
export { type Endpoint, fillPath, type Permission, type Schema } from './endpoint.ts'
export * as eachEndpoint from './each-endpoint.ts'
export { endpoints } from './endpoints.ts'
export { ExternalAuth, ExternalAuthAccount, ExternalAuthLink, ExternalAuthProvider } from './external-auth.ts'
export { faultFromNetwork } from './failure.ts'
export { Group, GroupWithMembers } from './groups.ts'
export { type Followed, type FollowOptions, follow } from './follow.ts'
export { Organization, OrganizationMember } from './organizations.ts'
export { LegalHold, LegalHoldCoverage } from './legal-holds.ts'
export { KeyringReport } from './keyring.ts'
export { InboxNotification } from './inbox.ts'
export {
  NotificationDelivery,
  NotificationMethod,
  NotificationPreference,
  NotificationTemplate,
} from './notifications.ts'
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
export { type ChainedEvent, contentHash, fromBase64, genesis, linkHash, type Sha256, toBase64 } from './proof/chain.ts'
export {
  type Checkpoint,
  checkpointText,
  exportText,
  parseCheckpoint,
  parseRemoval,
  removalText,
} from './proof/checkpoint.ts'
export { type EventLine, type ExportLine, nextLinesHash } from './proof/export-lines.ts'
export { formatKey, type NoteKey, noteKey, parseKey, readNote, signNote } from './proof/signed-note.ts'
export type { Finding, FindingKind } from './proof/finding.ts'
export { type Verification, verifyExport } from './proof/verify-export.ts'
export { Role, RolePermission } from './roles.ts'
export { GroupSync, OrganizationSync, RoleSync, SignInStatus, SyncPreview, TestLogin } from './sign-in.ts'
export { passwordCharsMax, passwordCharsMin, passwordWeakness } from './password.ts'
export { AllowedObject, ApiKey, Scope, scopeAliases, scopes } from './tokens.ts'
export { UserSession } from './user-sessions.ts'
export { User } from './users.ts'
export { UsageCounts, UsageGroupBy, UsageReport, UsageRow } from './usage.ts'
