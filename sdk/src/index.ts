export {
  AgentWorkspaceBuild,
  BuildMeter,
  BuildReason,
  buildReasons,
  BuildsOfDay,
  BuildTrigger,
} from './agent-workspace-builds.ts'
export {
  AgentAppHealth,
  agentBundlePath,
  agentCloseCodes,
  AgentFrame,
  agentFrameCharsMax,
  AgentLifecycle,
  AgentLine,
  agentLinesPerFrame,
  agentLogLineCharsMax,
  AgentManifest,
  AgentOrder,
  agentProtocolVersion,
  AgentScriptRun,
  AgentScriptStage,
  AgentScriptStatus,
  agentSocketPath,
  AgentStats,
  boundaryBundlePath,
  ServedProgram,
} from './agent-protocol.ts'
export { WorkspaceAgentMetadata, WorkspaceContainer, WorkspaceContainers } from './agent-facts.ts'
export { type Messages, type SocketEndpoint } from './socket-endpoint.ts'
export { sockets } from './sockets.ts'
export { ListeningPort, ListeningPorts, StreamHeader, TerminalSize } from './agent-streams.ts'
export { type ProcessRecord, type ProcessRecordKind, recordOf, recordParser } from './process-records.ts'
export { AuditCheckpoint, AuditEvent, AuditKey } from './audit.ts'
export { AiProviderSettings } from './ai-provider-settings.ts'
export { AiGatewayStanding, AiKeyRest, AiKeyStanding, AiModelStanding, AiStanding } from './ai-provider-standing.ts'
export { AiProvider, AiProviderKey, AiProviderTestResult, AiProviderType, aiKeysMax } from './ai-providers.ts'
export { AiRules, AiRulesContent, RuleDecision, RulesCheck, rulePatternsMax, UsedModel } from './ai-rules.ts'
export { AuditSink } from './audit-sinks.ts'
export { AccessRequest, AccessRule, AccessScope } from './boundary-access.ts'
export { BoundaryEvent, BoundaryWorkspace } from './boundary-event.ts'
export { BoundaryBucket, BoundaryDestination, BoundaryRuleHits, CheckedRule, Denial } from './boundary-events.ts'
export { BoundaryPolicy, BoundaryPolicyVersion, PolicyTestResult, ReplayChange } from './boundary-policies.ts'
export { BoundarySession } from './boundary-sessions.ts'
export {
  BoundaryKey,
  BoundaryLine,
  BoundaryNotice,
  boundaryBatchMax,
  BundlePayload,
  PolicyBundle,
} from './boundary-wire.ts'
export { Session, SessionStatus, Thread, TimelineEvent } from './bridge.ts'
export { TimelineBuild } from './timeline-build.ts'
export { TimelineDecision } from './timeline-decision.ts'
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
export { GatewayFacts } from './gateways.ts'
export { DeviceLogin } from './device-login.ts'
export { type Endpoint, fillPath, type Permission, type Schema, type Upload, type Uploaded } from './endpoint.ts'
export * as eachEndpoint from './each-endpoint.ts'
export { endpoints } from './endpoints.ts'
export { ExternalAuth, ExternalAuthAccount, ExternalAuthLink, ExternalAuthProvider } from './external-auth.ts'
export { faultFromNetwork } from './failure.ts'
export { Group, GroupWithMembers } from './groups.ts'
export { type Followed, type FollowOptions, follow } from './follow.ts'
export {
  Capture,
  CredentialKind,
  Interception,
  Outcome,
  PolicyDecision,
  TokenUsage,
  TokenUsageSummary,
} from './interception.ts'
export { Organization, OrganizationMember } from './organizations.ts'
export { LegalHold, LegalHoldCoverage } from './legal-holds.ts'
export { KeyringReport } from './keyring.ts'
export {
  Entitlements,
  EntitlementState,
  Feature,
  featureNames,
  License,
  LicenseClaims,
  LicenseState,
  type LimitName,
  limitNames,
  UsagePeriod,
} from './licenses.ts'
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
export { noReceipt, parseReceipt, type Receipt, receiptText } from './proof/receipt.ts'
export { type ReceiptLine, type ReceiptVerification, verifyReceipts } from './proof/verify-receipts.ts'
export {
  DataClass,
  dataClasses,
  RetentionPlan,
  RetentionPolicy,
  RetentionPortion,
  RetentionReceipt,
} from './retention.ts'
export { Role, RolePermission } from './roles.ts'
export { GroupSync, OrganizationSync, RoleSync, SignInStatus, SyncPreview, TestLogin } from './sign-in.ts'
export { passwordCharsMax, passwordCharsMin, passwordWeakness } from './password.ts'
export { AllowedObject, ApiKey, Scope, scopeAliases, scopes } from './tokens.ts'
export { UserSession } from './user-sessions.ts'
export { AgenticAction, type InterceptionDetails, ToolUsage } from './agentic-action.ts'
export { pieceValues, type QueryPiece, queryPieces, unquoted } from './query-pieces.ts'
export { SessionExportLine } from './session-export.ts'
export { GitSshKey } from './git-ssh-key.ts'
export { AgentExternalAuth } from './agent-git.ts'
export { User } from './users.ts'
export { UserSecret, userSecretBytesMax } from './user-secrets.ts'
export { UsageCounts, UsageGroupBy, UsageReport, UsageRow } from './usage.ts'
export { ProvisionerJob, ProvisionerJobLog } from './provisioner-jobs.ts'
export { DynamicParameters, FormDiagnostic, FormParameter, FormQuestion } from './template-dry-runs.ts'
export { TemplateExample } from './template-examples.ts'
export { DayOfWeek, Template, TemplateAcl } from './templates.ts'
export {
  TemplateVersion,
  TemplateVersionParameter,
  TemplateVersionPreset,
  TemplateVersionFile,
  TemplateVersionResource,
  TemplateVersionVariable,
} from './template-versions.ts'
export { WorkspaceBuild, WorkspaceBuildTimings, WorkspaceResource } from './workspace-builds.ts'
export { WorkspaceStatus, WorkspaceTransition } from './workspace-status.ts'
export { AgentAppState, WorkspaceAgent, WorkspaceAgentLog, WorkspaceAppStatus } from './workspace-agents.ts'
export {
  AgentApiMessage,
  Task,
  TaskDetails,
  taskEndpoints,
  TaskLogEntry,
  TaskLogEvent,
  taskPromptCharsMax,
  taskSnapshotBytesMax,
  TaskState,
  TaskStatus,
  TaskWaitFor,
} from './tasks.ts'
export { actDetail, actLine, actTarget, actVerb, pathOfUrl, reasonText } from './act-words.ts'
export { type TaskPhase, taskPhase, taskPhases } from './task-phase.ts'
export { WorkspaceAcl } from './workspace-sharing.ts'
export { PortShareLevel, WorkspacePortShare } from './workspace-ports.ts'
export { WorkspaceQuota } from './workspace-quota.ts'
export { AutomaticUpdates, Workspace } from './workspaces.ts'
