// Generated from the migrated database by `npm run gen`; do not edit.

import type { ColumnType } from 'kysely'

/** Written as text, so that a list is not taken for an array of PostgreSQL. */
type Json = ColumnType<unknown, string, string>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
/** Has a default. */
type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>

export interface AgentWorkspaceBuilds {
  build_id: string
  recorded_at: Date
  counted: boolean
  trigger: string
  reason: string
  organization_id: string
  organization_name: string
  template_id: string
  template_name: string
  template_version_id: string
  template_version_name: string
  owner_id: string
  owner_name: string
  workspace_id: string
  workspace_name: string
  task_id: string | null
  task_name: string | null
}

export interface AgentWorkspaceBuildsDaily {
  day: string
  organization_id: string
  template_id: string
  owner_id: string
  trigger: string
  builds: number
}

export interface AiProviderKeys {
  id: string
  provider_id: string
  position: number
  weight: number
  value: string
  hint: string
  created_at: Date
}

export interface AiProviders {
  id: string
  name: string
  display_name: string
  type: string
  base_url: string
  enabled: boolean
  icon: string
  allow_private: boolean
  created_at: Date
  updated_at: Date
  settings: Generated<Json>
}

export interface AiRules {
  organization_id: string
  group_id: string | null
  models: string[] | null
  tools_allowed: string[] | null
  tools_denied: string[]
  contact: string
  version: number
  updated_at: Date
}

export interface ApiKeys {
  id: string
  secret_sha256: Bytes
  user_id: string
  login_type: string
  token_name: Generated<string>
  scopes: string[]
  lifetime_seconds: number
  created_at: Date
  updated_at: Date
  expires_at: Date
  last_used: Date | null
  created_ip: string | null
  created_agent: string | null
  allow_list: ColumnType<unknown, string | null, string | null>
  workspace_id: string | null
  session_name: Generated<string>
  ends_at: Date | null
  rights_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  renewed_from: string | null
}

export interface AuditChain {
  only_row: Generated<boolean>
  seq: number
  hash: Bytes
  removed_seq: number
  removed_hash: Bytes
}

export interface AuditCheckpoints {
  number: number
  seq: number
  state: string
  key_id: string
  note: string
  created_at: Date
}

export interface AuditEvents {
  id: string
  organization_id: string | null
  actor_id: string | null
  api_key_id: string | null
  action: string
  resource_type: string
  resource_id: string
  resource_target: string
  outcome: string
  diff: Generated<Json>
  ip: string | null
  user_agent: string | null
  request_id: string | null
  reason: string | null
  source: string | null
  content_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
}

export interface AuditKeys {
  key_id: string
  key: string
  replica: string
  created_at: Date
}

export interface AuditLinks {
  seq: number
  event_id: string
  hash: Bytes
}

export interface AuditRemovals {
  last_seq: number
  first_seq: number
  note: string
  created_at: Date
}

export interface AuditSinkJournals {
  sink_id: string
  journal: string
  delivered: number
  stream: string
}

export interface AuditSinks {
  id: string
  name: string
  kind: string
  format: string
  url: string
  secret: string | null
  ca: string | null
  allow_private: Generated<boolean>
  created_at: Date
  delivered_seq: number
  last_delivered_at: Date | null
  last_error: string | null
  failing_since: Date | null
  attempts: Generated<number>
  next_attempt_at: Date | null
  leased_by: string | null
  leased_until: Date | null
  delivered_checkpoint: Generated<number>
  disabled_at: Date | null
  sends: Generated<string[]>
  content: Generated<boolean>
}

export interface Blobs {
  organization_id: string
  sha256: Bytes
  encoding: string
  raw_bytes: number
  bytes: Bytes
  last_referenced_at: Date
}

export interface BoundaryAccessRequests {
  id: string
  organization_id: string
  user_id: string
  session_id: string
  denial: string
  what: string
  host: string | null
  rule: ColumnType<unknown, string | null, string | null>
  risks: string[]
  scope: string
  duration_seconds: number
  reason: string
  status: string
  created_at: Date
  decided_at: Date | null
  decided_by: string | null
  answer: string | null
  granted_rule: ColumnType<unknown, string | null, string | null>
  granted_scope: string | null
  expires_at: Date | null
}

export interface BoundaryBundleVersion {
  one: Generated<boolean>
  version: number
}

export interface BoundaryEvents {
  id: string
  session_id: string
  seq: number
  organization_id: string
  user_id: string
  at: Date
  received_at: Date
  kind: string
  decision: string
  would: string
  rule: string
  reason: string | null
  denial: string | null
  policy_name: string | null
  policy_version: number | null
  tier: number
  process: string | null
  protocol: string | null
  host: string | null
  port: number | null
  method: string | null
  path: string | null
  object: string | null
  bytes_up: Generated<number>
  bytes_down: Generated<number>
  times: Generated<number>
  line: string
  hash: Bytes
  prev: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  record_no: number | null
}

export interface BoundaryPolicies {
  id: string
  organization_id: string | null
  name: string
  version: number
  created_at: Date
  deleted_at: Date | null
  template_id: string | null
}

export interface BoundaryPolicyVersions {
  policy_id: string
  version: number
  document: string
  message: string
  reverts: number | null
  published_at: Date
  published_by: string | null
}

export interface BoundaryRecords {
  journal: string
  records: number
}

export interface BoundarySessions {
  id: string
  organization_id: string
  user_id: string
  public_key: Bytes
  client_version: string
  command: string
  hostname: string
  tier: number
  jail: string
  kernel: string
  workspace_id: string | null
  task_id: string | null
  policy_name: string | null
  policy_version: number | null
  started_at: Date
  registered_at: Date
  last_seen_at: Date
  stop_requested_at: Date | null
  ended_at: Date | null
  exit_code: number | null
  signal: string | null
  last_seq: number | null
  last_hash: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  acknowledged_seq: Generated<number>
  lines: Generated<number>
  tampered: string | null
  allowed: Generated<number>
  denied: Generated<number>
  observed: Generated<number>
  bundle_sent_at: Generated<Date>
  workspace_name: string | null
  template_id: string | null
  template_name: string | null
  template_version_id: string | null
  build_id: string | null
  agent_id: string | null
  agent_name: string | null
  task_name: string | null
}

export interface BoundarySigningKeys {
  id: string
  public_key: string
  secret: string
  created_at: Date
}

export interface ContentReads {
  id: string
  reader_id: string
  reader_roles: string[]
  owner_id: string
  organization_id: string
  session_id: string | null
  interception_id: string | null
  how: string
  reason: string | null
  first_at: Date
  last_at: Date
  times: Generated<number>
  request_id: string
}

export interface CustomRoles {
  id: string
  organization_id: string | null
  name: string
  display_name: Generated<string>
  description: Generated<string>
  site_permissions: Generated<string[]>
  organization_permissions: Generated<string[]>
  own_permissions: Generated<string[]>
  created_at: Date
  updated_at: Date
}

export interface Deployment {
  only_row: Generated<boolean>
  id: string
  created_at: Date
}

export interface DeviceLogins {
  id: string
  device_code_sha256: Bytes
  user_code: string
  client_name: string
  host: string
  ip: string | null
  user_agent: string | null
  status: Generated<string>
  user_id: string | null
  interval_seconds: number
  polled_at: Date | null
  created_at: Date
  expires_at: Date
}

export interface DrainRejects {
  replica_id: string
  segment: number
  byte_offset: number
  seq: number | null
  kind: number | null
  interception_id: string | null
  reason: string
  payload: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  rejected_at: Date
}

export interface ExternalAuthAttempts {
  id: string
  state_sha256: Bytes
  user_id: string
  provider_id: string
  code_verifier: string | null
  created_at: Date
  expires_at: Date
}

export interface ExternalAuthLinks {
  user_id: string
  provider_id: string
  access_token: string
  refresh_token: string | null
  expires_at: Date | null
  scopes: Generated<string[]>
  account: ColumnType<unknown, string | null, string | null>
  refresh_failed_at: Date | null
  refresh_failure: string | null
  created_at: Date
  updated_at: Date
}

export interface Gateways {
  replica_id: string
  host: string
  process: number
  version: string
  started_at: Date
  seen_at: Date
  stopped_at: Date | null
  healthy: boolean
  detail: string
  journal_seq: number
  pending_bytes: number
  drain_lag_seconds: number
  open_requests: number
  provider_standings: ColumnType<unknown, string | null, string | null>
}

export interface GitSshKeys {
  user_id: string
  public_key: string
  sealed_private_key: string
  created_at: Date
  updated_at: Date
}

export interface GroupMembers {
  group_id: string
  user_id: string
  created_at: Date
}

export interface Groups {
  id: string
  organization_id: string
  name: string
  display_name: Generated<string>
  avatar_url: Generated<string>
  quota_allowance: Generated<number>
  source: Generated<string>
  created_at: Date
  updated_at: Date
}

export interface Guesses {
  key_sha256: Bytes
  count: number
  ends_at: Date
}

export interface IdpSyncSettings {
  kind: string
  organization_id: string | null
  settings: Json
  updated_at: Date
}

export interface InboxNotifications {
  id: string
  message_id: string | null
  user_id: string
  event: string
  title: string
  body: string
  actions: Generated<Json>
  created_at: Date
  read_at: Date | null
}

export interface InterceptionItems {
  interception_id: string
  seq: number
  session_id: string
  user_id: string
  kind: string
  origin: string
  at: Date
  text: string | null
  text_bytes: Generated<number>
  truncated: Generated<boolean>
  not_captured: Generated<boolean>
  tool_name: string | null
  tool_call_id: string | null
  is_error: Generated<boolean>
}

export interface Interceptions {
  id: string
  replica_id: string
  replica_seq: number
  organization_id: string
  user_id: string
  api_key_id: string
  session_id: string
  thread_id: string
  provider: string
  provider_name: string
  route: string
  model: string
  model_served: string | null
  streaming: boolean
  credential_hint: Generated<string>
  client: string
  client_version: string | null
  user_agent: string | null
  client_session_id: string | null
  agent_id: string | null
  parent_agent_id: string | null
  source_ip: string | null
  started_at: Date
  ended_at: Date | null
  outcome: Generated<string>
  error_type: string | null
  error_message: string | null
  status_code: number | null
  stop_reason: string | null
  provider_response_id: string | null
  provider_request_id: string | null
  capture: string
  request_bytes: number
  response_bytes: Generated<number>
  request_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  response_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  request_slices: ColumnType<unknown, string | null, string | null>
  response_slices: ColumnType<unknown, string | null, string | null>
  duration_ms: number | null
  first_byte_ms: number | null
  gateway_ms: number | null
  input_tokens: Generated<number>
  output_tokens: Generated<number>
  cache_read_tokens: Generated<number>
  cache_write_tokens: Generated<number>
  usage_source: Generated<string>
  usage_raw: ColumnType<unknown, string | null, string | null>
  tool_calls: Generated<number>
  prompt: string | null
  turn_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  retry_of: string | null
  masked: Generated<number>
  masked_fingerprints: Generated<string[]>
  cache_write_1h_tokens: Generated<number>
  reasoning_tokens: Generated<number>
  audio_input_tokens: Generated<number>
  audio_output_tokens: Generated<number>
  attempts: ColumnType<unknown, string | null, string | null>
  credential_kind: Generated<string>
  sent: ColumnType<unknown, string | null, string | null>
  record_no: number | null
  decisions: ColumnType<unknown, string | null, string | null>
  content_removed_at: Date | null
  tool_names: string[] | null
  boundary_session_id: string | null
  boundary_seq: number | null
  boundary_verified: boolean | null
}

export interface JournalCheckpoints {
  replica_id: string
  segment: number
  byte_offset: number
  seq: number
  chain_hash: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  updated_at: Date
  records: Generated<number>
}

export interface KeyringKeys {
  id: string
  sealed_check: string
  created_at: Date
  retired_at: Date | null
}

export interface LegalHolds {
  id: string
  user_id: string | null
  session_id: string | null
  from_at: Date | null
  to_at: Date | null
  reason: string
  created_at: Date
  created_by: string | null
  released_at: Date | null
  released_by: string | null
  release_reason: string | null
}

export interface LicenseClock {
  only_row: Generated<boolean>
  seen_at: Date
}

export interface LicenseNotices {
  kind: string
  period: string
  told_at: Date
}

export interface Licenses {
  id: Generated<number>
  uuid: string
  jwt: string
  exp: Date
  uploaded_at: Date
  uploaded_by: string | null
}

export interface NotificationDeliveries {
  id: string
  message_id: string
  method: string
  user_id: string | null
  status: Generated<string>
  attempts: Generated<number>
  next_attempt_at: Date
  lease_id: string | null
  leased_until: Date | null
  last_error: string | null
  created_at: Date
  finished_at: Date | null
}

export interface NotificationEventMethods {
  event: string
  method: string
  updated_at: Date
}

export interface NotificationPreferences {
  user_id: string
  event: string
  method: string
  enabled: boolean
  updated_at: Date
}

export interface NotificationSettings {
  only_row: Generated<boolean>
  notifier_paused: boolean
  updated_at: Date
}

export interface OidcAttempts {
  state_sha256: Bytes
  browser_sha256: Bytes
  redirect: string
  test_login_id: string | null
  created_at: Date
  expires_at: Date
}

export interface OidcTestLogins {
  id: string
  user_id: string
  settings: Json
  status: Generated<string>
  problem: string | null
  claims: ColumnType<unknown, string | null, string | null>
  verdict: ColumnType<unknown, string | null, string | null>
  preview: ColumnType<unknown, string | null, string | null>
  created_at: Date
  expires_at: Date
}

export interface OrganizationMembers {
  organization_id: string
  user_id: string
  roles: Generated<string[]>
  created_at: Date
  updated_at: Date
}

export interface Organizations {
  id: string
  name: string
  display_name: Generated<string>
  description: Generated<string>
  icon: Generated<string>
  is_default: Generated<boolean>
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
  default_member_roles: Generated<string[]>
  require_boundary: Generated<boolean>
}

export interface OutboxMessages {
  id: string
  event: string
  user_ids: string[] | null
  audience: string | null
  mail_to: string | null
  facts: Generated<Json>
  sealed_facts: string | null
  dedupe_key: string | null
  created_at: Date
  expanded_at: Date | null
}

export interface PasswordResets {
  user_id: string
  passcode_sha256: Bytes
  attempts_left: number
  created_at: Date
  expires_at: Date
}

export interface ProvisionerJobLines {
  job_id: string
  seq: number
  at: Date
  source: string
  level: string
  stage: string
  output: string
}

export interface ProvisionerJobs {
  id: string
  type: string
  organization_id: string
  initiator_id: string | null
  file_id: string | null
  input: Json
  priority: Generated<number>
  created_at: Date
  updated_at: Date
  started_at: Date | null
  canceled_at: Date | null
  completed_at: Date | null
  error: string | null
  error_code: string | null
  worker_id: string | null
  worker_name: string | null
  lease_until: Date | null
  log_lines: Generated<number>
  log_bytes: Generated<number>
  log_overflowed: Generated<boolean>
  status: Generated<string>
}

export interface RetentionPolicies {
  version: Generated<number>
  data_class: string
  organization_id: string | null
  keep_days: number | null
  set_at: Date
  effective_at: Date
  set_by: string | null
  reason: string | null
}

export interface RetentionReceipts {
  number: number
  data_class: string
  unit: string
  organization_id: string | null
  day: string | null
  removed: number
  note: string
  created_at: Date
}

export interface Sessions {
  id: string
  organization_id: string
  user_id: string
  session_key: string
  grouped_by: string
  client: string
  client_version: string | null
  client_session_id: string | null
  providers: Generated<string[]>
  models: Generated<string[]>
  agents: Generated<string[]>
  started_at: Date
  last_active_at: Date
  open_requests: Generated<number>
  last_outcome: Generated<string>
  last_outcome_from: string | null
  requests: Generated<number>
  threads: Generated<number>
  tool_calls: Generated<number>
  input_tokens: Generated<number>
  output_tokens: Generated<number>
  cache_read_tokens: Generated<number>
  cache_write_tokens: Generated<number>
  first_prompt: string | null
  first_prompt_from: string | null
  last_prompt: string | null
  last_prompt_from: string | null
  cache_write_1h_tokens: Generated<number>
  reasoning_tokens: Generated<number>
  audio_input_tokens: Generated<number>
  audio_output_tokens: Generated<number>
  content_removed_at: Date | null
  provider_names: Generated<string[]>
}

export interface SetupTokens {
  token_sha256: Bytes
  created_at: Date
  expires_at: Date
}

export interface SignInPlaces {
  user_id: string
  network: string
  first_seen_at: Date
  last_seen_at: Date
}

export interface StoredObjects {
  provider_name: string
  object_id: string
  user_id: string
  organization_id: string
  interception_id: string
  created_at: Date
}

export interface Tasks {
  id: string
  organization_id: string
  owner_id: string
  name: string
  display_name: Generated<string>
  workspace_id: string | null
  template_version_id: string
  preset_id: string | null
  template_parameters: Generated<Json>
  prompt: string
  labels: Generated<Json>
  idempotency_key: string | null
  request_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  token_budget: number | null
  time_limit_seconds: number | null
  on_limit: Generated<string>
  limit_reached: Generated<string>
  tokens_used: Generated<number>
  forked_from: string | null
  snapshot: ColumnType<unknown, string | null, string | null>
  snapshot_at: Date | null
  last_message: string | null
  noted_phase: Generated<string>
  noted_at: Date
  active_at: Date | null
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
  boundary_policy: string | null
}

export interface TemplateDryRuns {
  job_id: string
  template_version_id: string
  owner_id: string
  workspace_name: string
  parameters: Json
  sealed_variables: string | null
  found: ColumnType<unknown, string | null, string | null>
}

export interface TemplateVersions {
  id: string
  template_id: string | null
  organization_id: string
  name: string
  message: string
  file_id: string
  job_id: string
  sealed_variables: string | null
  readme: Generated<string>
  found: ColumnType<unknown, string | null, string | null>
  has_ai_task: Generated<boolean>
  has_external_agent: Generated<boolean>
  engine: Generated<string>
  archived_at: Date | null
  created_by: string | null
  created_at: Date
  updated_at: Date
}

export interface Templates {
  id: string
  organization_id: string
  name: string
  display_name: string
  description: string
  icon: string
  active_version_id: string
  everyone: Generated<boolean>
  access_list: Generated<Json>
  default_ttl_ms: Generated<number>
  activity_bump_ms: Generated<number>
  failure_ttl_ms: Generated<number>
  allow_user_cancel_workspace_jobs: Generated<boolean>
  allow_user_autostart: Generated<boolean>
  allow_user_autostop: Generated<boolean>
  require_active_version: Generated<boolean>
  deprecation_message: Generated<string>
  created_by: string | null
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
  autostart_requirement: Generated<Json>
  autostop_requirement: Generated<Json>
  dormant_ttl_ms: Generated<number>
  delete_ttl_ms: Generated<number>
  max_port_share_level: Generated<string>
}

export interface UploadedFiles {
  id: string
  sha256: Bytes
  content_type: string
  content: Bytes
  created_by: string
  created_at: Date
}

export interface UsageHourly {
  hour: Date
  organization_id: string
  user_id: string
  provider: string
  provider_name: string
  model: string
  client: string
  requests: Generated<number>
  errors: Generated<number>
  input_tokens: Generated<number>
  output_tokens: Generated<number>
  cache_read_tokens: Generated<number>
  cache_write_tokens: Generated<number>
  cache_write_1h_tokens: Generated<number>
  reasoning_tokens: Generated<number>
  audio_input_tokens: Generated<number>
  audio_output_tokens: Generated<number>
  cost_micros: number | null
  price_version: string | null
}

export interface UserLinks {
  id: string
  issuer: string
  subject: string
  user_id: string
  refresh_token: string | null
  claims: Generated<Json>
  created_at: Date
  updated_at: Date
  synced_at: Date
  next_sync_at: Date
  failures: Generated<number>
  syncs_site_roles: Generated<boolean>
  syncs_organizations: Generated<boolean>
}

export interface UserSecrets {
  id: string
  user_id: string
  name: string
  description: string
  env_name: string
  file_path: string
  sealed_value: string
  created_at: Date
  updated_at: Date
}

export interface Users {
  id: string
  username: string
  name: Generated<string>
  email: string
  avatar_url: Generated<string>
  status: Generated<string>
  login_type: string
  password_hash: string | null
  roles: Generated<string[]>
  created_at: Date
  updated_at: Date
  last_seen_at: Date | null
  deleted_at: Date | null
  is_service_account: Generated<boolean>
  owner_id: string | null
}

export interface WorkspaceAgentLogs {
  agent_id: string
  number: number
  created_at: Date
  level: string
  source: string
  output: string
}

export interface WorkspaceAgents {
  id: string
  resource_id: string
  name: string
  os: string
  arch: string
  directory: string
  apps: Json
  auth: string
  instance_id: string | null
  token_sha256: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  sealed_plan: string
  created_at: Date
  connection_timeout_seconds: number
  first_connected_at: Date | null
  last_connected_at: Date | null
  disconnected_at: Date | null
  version: Generated<string>
  lifecycle: Generated<string>
  started_at: Date | null
  ready_at: Date | null
  sealed_gateway_token: string | null
  stats: ColumnType<unknown, string | null, string | null>
  log_next: Generated<number>
  said_next: Generated<number>
  log_chars: Generated<number>
  logs_overflowed: Generated<boolean>
  metadata: Generated<Json>
  app_health: Generated<Json>
  app_status: ColumnType<unknown, string | null, string | null>
  stop_asked_at: Date | null
  connection_id: string | null
  connection_url: Generated<string>
  sealed_boundary_token: string | null
  boundary_key_id: string | null
}

export interface WorkspaceAppStatuses {
  id: string
  agent_id: string
  app_slug: string
  state: string
  message: string
  uri: string
  created_at: Date
}

export interface WorkspaceBuildParameters {
  build_id: string
  name: string
  value: string
}

export interface WorkspaceBuilds {
  id: string
  workspace_id: string
  number: number
  transition: string
  template_version_id: string
  job_id: string
  initiator_id: string | null
  reason: string
  orphan: Generated<boolean>
  daily_cost: Generated<number>
  timings: Generated<Json>
  created_at: Date
  updated_at: Date
  task_agent_id: string | null
  task_app_slug: string | null
  deadline: Date | null
  max_deadline: Date | null
  bump_ms: Generated<number>
}

export interface WorkspaceFavorites {
  user_id: string
  workspace_id: string
}

export interface WorkspacePortShares {
  workspace_id: string
  agent_name: string
  port: number
  share_level: string
  created_at: Date
  updated_at: Date
}

export interface WorkspaceResources {
  id: string
  build_id: string
  address: string
  type: string
  name: string
  hide: boolean
  icon: string
  daily_cost: number
  metadata: Json
}

export interface WorkspaceScriptRuns {
  id: string
  agent_id: string
  source: string
  stage: string
  status: string
  exit_code: number | null
  started_at: Date
  ended_at: Date
}

export interface WorkspaceStates {
  build_id: string
  sealed_state: string
  updated_at: Date
}

export interface Workspaces {
  id: string
  organization_id: string
  owner_id: string
  template_id: string
  name: string
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
  autostart_schedule: string | null
  autostart_set_at: Date | null
  ttl_ms: number | null
  automatic_updates: Generated<string>
  last_used_at: Generated<Date>
  dormant_at: Date | null
  deleting_at: Date | null
  access_list: Generated<Json>
}

export interface Schema {
  agent_workspace_builds: AgentWorkspaceBuilds
  agent_workspace_builds_daily: AgentWorkspaceBuildsDaily
  ai_provider_keys: AiProviderKeys
  ai_providers: AiProviders
  ai_rules: AiRules
  api_keys: ApiKeys
  audit_chain: AuditChain
  audit_checkpoints: AuditCheckpoints
  audit_events: AuditEvents
  audit_keys: AuditKeys
  audit_links: AuditLinks
  audit_removals: AuditRemovals
  audit_sink_journals: AuditSinkJournals
  audit_sinks: AuditSinks
  blobs: Blobs
  boundary_access_requests: BoundaryAccessRequests
  boundary_bundle_version: BoundaryBundleVersion
  boundary_events: BoundaryEvents
  boundary_policies: BoundaryPolicies
  boundary_policy_versions: BoundaryPolicyVersions
  boundary_records: BoundaryRecords
  boundary_sessions: BoundarySessions
  boundary_signing_keys: BoundarySigningKeys
  content_reads: ContentReads
  custom_roles: CustomRoles
  deployment: Deployment
  device_logins: DeviceLogins
  drain_rejects: DrainRejects
  external_auth_attempts: ExternalAuthAttempts
  external_auth_links: ExternalAuthLinks
  gateways: Gateways
  git_ssh_keys: GitSshKeys
  group_members: GroupMembers
  groups: Groups
  guesses: Guesses
  idp_sync_settings: IdpSyncSettings
  inbox_notifications: InboxNotifications
  interception_items: InterceptionItems
  interceptions: Interceptions
  journal_checkpoints: JournalCheckpoints
  keyring_keys: KeyringKeys
  legal_holds: LegalHolds
  license_clock: LicenseClock
  license_notices: LicenseNotices
  licenses: Licenses
  notification_deliveries: NotificationDeliveries
  notification_event_methods: NotificationEventMethods
  notification_preferences: NotificationPreferences
  notification_settings: NotificationSettings
  oidc_attempts: OidcAttempts
  oidc_test_logins: OidcTestLogins
  organization_members: OrganizationMembers
  organizations: Organizations
  outbox_messages: OutboxMessages
  password_resets: PasswordResets
  provisioner_job_lines: ProvisionerJobLines
  provisioner_jobs: ProvisionerJobs
  retention_policies: RetentionPolicies
  retention_receipts: RetentionReceipts
  sessions: Sessions
  setup_tokens: SetupTokens
  sign_in_places: SignInPlaces
  stored_objects: StoredObjects
  tasks: Tasks
  template_dry_runs: TemplateDryRuns
  template_versions: TemplateVersions
  templates: Templates
  uploaded_files: UploadedFiles
  usage_hourly: UsageHourly
  user_links: UserLinks
  user_secrets: UserSecrets
  users: Users
  workspace_agent_logs: WorkspaceAgentLogs
  workspace_agents: WorkspaceAgents
  workspace_app_statuses: WorkspaceAppStatuses
  workspace_build_parameters: WorkspaceBuildParameters
  workspace_builds: WorkspaceBuilds
  workspace_favorites: WorkspaceFavorites
  workspace_port_shares: WorkspacePortShares
  workspace_resources: WorkspaceResources
  workspace_script_runs: WorkspaceScriptRuns
  workspace_states: WorkspaceStates
  workspaces: Workspaces
}
