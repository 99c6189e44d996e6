// Generated from the migrated database by `npm run gen`; do not edit.

import type { ColumnType } from 'kysely'

/** Written as text, so that a list is not taken for an array of PostgreSQL. */
type Json = ColumnType<unknown, string, string>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
/** Has a default. */
type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>

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
}

export interface Blobs {
  organization_id: string
  sha256: Bytes
  encoding: string
  raw_bytes: number
  bytes: Bytes
  last_referenced_at: Date
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
}

export interface JournalCheckpoints {
  replica_id: string
  segment: number
  byte_offset: number
  seq: number
  chain_hash: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
  updated_at: Date
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

export interface Schema {
  ai_provider_keys: AiProviderKeys
  ai_providers: AiProviders
  api_keys: ApiKeys
  audit_chain: AuditChain
  audit_checkpoints: AuditCheckpoints
  audit_events: AuditEvents
  audit_keys: AuditKeys
  audit_links: AuditLinks
  audit_removals: AuditRemovals
  audit_sinks: AuditSinks
  blobs: Blobs
  content_reads: ContentReads
  custom_roles: CustomRoles
  deployment: Deployment
  device_logins: DeviceLogins
  drain_rejects: DrainRejects
  external_auth_attempts: ExternalAuthAttempts
  external_auth_links: ExternalAuthLinks
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
  sessions: Sessions
  setup_tokens: SetupTokens
  sign_in_places: SignInPlaces
  stored_objects: StoredObjects
  usage_hourly: UsageHourly
  user_links: UserLinks
  users: Users
}
