import { providerAnswers } from './testing-providers.ts'
import { boundaryAnswers } from './testing-boundaries.ts'
import { licenseAnswers } from './testing-licenses.ts'
import { templateAnswers } from './testing-templates.ts'
import { auditKey, emptyExport, retentionAnswers } from './testing-retention.ts'
import { rulesAnswers } from './testing-rules.ts'
import { createHash } from 'node:crypto'
import { formatKey } from '@reeve/sdk'
import { secretAnswers } from './testing-secrets.ts'
import { signInSettings } from './testing-sign-in.ts'
import { accessAnswers } from './testing-access-data.ts'
import type { Handler, Name } from './testing.ts'
import { notificationAnswers } from './testing-notifications.ts'
import { at, hostile, organizationId, requestId, sessionId, usage, user, userId, who } from './testing-sessions.ts'
import { sessionAnswers } from './testing-timeline.ts'

export const apiKey = {
  id: 'k1',
  user_id: userId,
  username: 'dana',
  token_name: 'laptop',
  last_used: null,
  expires_at: '2026-12-20T11:00:00Z',
  created_at: at,
  updated_at: at,
  login_type: 'token',
  scope: 'gateway',
  scopes: ['gateway'],
  allow_list: [{ type: '*', id: '*' }],
  workspace_id: null,
  lifetime_seconds: 2_592_000,
}

const usageCounts = { requests: 1234, errors: 1, ...usage, read_tokens: 5690, total_tokens: 5724 }

const userSession = {
  id: 's1',
  user_id: userId,
  name: hostile,
  login_type: 'device',
  current: true,
  created_at: at,
  last_used: null,
  expires_at: at,
  ends_at: at,
  ip: '127.0.0.1',
  user_agent: hostile,
}

const whoami = {
  user,
  organizations: [{ id: organizationId, name: 'default', display_name: hostile, roles: ['organization-member'] }],
  groups: [{ id: organizationId, name: hostile, display_name: hostile, organization_id: organizationId }],
  credential: {
    id: 's1',
    kind: 'session',
    name: hostile,
    scopes: ['all'],
    allow_list: [{ type: '*', id: '*' }],
    created_at: at,
    expires_at: at,
    ends_at: at,
  },
}

const auditEvent = {
  id: requestId,
  seq: 7,
  hash: '',
  time: at,
  organization_id: null,
  actor: null,
  api_key_id: null,
  action: 'login',
  resource_type: 'user',
  resource_id: userId,
  resource_target: hostile,
  outcome: 'refused',
  diff: { email: { old: 'a', new: 'b', secret: false } },
  ip: '127.0.0.1',
  user_agent: hostile,
  request_id: 'r1',
  reason: hostile,
  source: 'cli',
}

const contentRead = {
  id: requestId,
  reader: who,
  reader_roles: ['content-reviewer', hostile],
  owner: who,
  organization_id: organizationId,
  session_id: sessionId,
  interception_id: null,
  how: 'view',
  reason: hostile,
  first_at: at,
  last_at: at,
  times: 2,
  request_id: 'r1',
}

const setting = {
  name: 'a',
  env: 'REEVE_A',
  flag: '--a',
  yaml: 'a',
  description: hostile,
  value: '=1',
  default: '',
  source: 'file',
}
const provider = {
  name: 'anthropic',
  type: 'anthropic',
  base_url: 'https://x',
  ready: false,
  scripted: false,
  detail: hostile,
}

/** An export without sessions. */
export function sessionsFile(): Buffer {
  const header = { kind: 'header', format: 'reeve-sessions/1', exported_at: at, q: '', content: true, bodies: false }
  const line = `${JSON.stringify({ ...header, after_session_id: null })}\n`
  const sha256 = createHash('sha256').update(line).digest('hex')
  const counts = { sessions: 0, requests: 0, events: 0, bodies: 0, lines: 1, sha256, last_session_id: null }
  return Buffer.from(`${line}${JSON.stringify({ kind: 'manifest', ...counts })}\n`)
}

const auditSink = {
  id: requestId,
  name: 'siem',
  kind: 'syslog',
  format: 'reeve',
  url: 'tls://logs.example.com:6514',
  allow_private: false,
  has_secret: false,
  has_ca: false,
  created_at: at,
  disabled_at: null,
  delivered_seq: 1,
  sends: ['audit', 'interceptions'],
  content: false,
  lag: 0,
  record_lag: 3,
  boundary_lag: 0,
  last_delivered_at: null,
  last_error: hostile,
  failing_since: null,
  next_attempt_at: null,
}

/** A deployment in which there is one of everything; `empty` leaves the lists without any. */
export function everything(empty: boolean): Partial<Record<Name, Handler>> {
  const some = <T>(items: readonly T[]): readonly T[] => (empty ? [] : items)
  const count = empty ? 0 : 1
  return {
    getHealth: () => 'OK',
    getBuildInfo: () => ({
      version: '9.9.9',
      dashboard_url: 'http://x',
      external_url: 'http://x',
      deployment_id: 'd',
      telemetry: false,
    }),
    getDeploymentConfig: () => ({ options: some([setting]) }),
    getFirstUser: () => ({ message: 'exists' }),
    createFirstUser: () => ({ user_id: userId, organization_id: organizationId }),
    getAuthMethods: () => ({}),
    login: () => ({ session_token: 'rv_session' }),
    logout: () => ({ message: 'bye' }),
    listUsers: () => ({ users: some([user]), count }),
    createUser: () => user,
    getUser: () => user,
    setServiceAccountOwner: () => user,
    suspendUser: () => user,
    activateUser: () => user,
    changePassword: () => undefined,
    getWhoami: () => whoami,
    listUserSessions: () => some([userSession]),
    endUserSession: () => undefined,
    endOtherSessions: () => ({ ended: 2 }),
    startDeviceLogin: () => ({
      device_code: 'd',
      user_code: 'WDJB-MJHT',
      verification_uri: 'http://x/device',
      verification_uri_complete: 'http://x/device?code=WDJB-MJHT',
      expires_in: 600,
      interval: 0,
    }),
    pollDeviceLogin: () => ({ session_token: 'rv_device', error: null, interval: 0 }),
    createSessionKey: () => ({ key: 'rv_k' }),
    createToken: () => ({ key: 'rv_secret', id: 'k1', expires_at: '2026-12-20T11:00:00Z' }),
    listTokens: () => some([apiKey]),
    getTokenConfig: () => ({ max_token_lifetime: 1 }),
    getKey: () => apiKey,
    deleteKey: () => undefined,
    expireKey: () => undefined,
    ...accessAnswers({ empty, who, user }),
    updateProfile: () => user,
    deleteUser: () => undefined,
    getBridgeStatus: () => ({
      enabled: true,
      capture: 'full',
      providers: [provider],
      journal: { healthy: true, detail: hostile, pending_bytes: 1, drain_lag_seconds: 0.5 },
    }),
    listGateways: () => ({
      gateways: some([
        {
          id: requestId,
          host: hostile,
          process: 1,
          version: '0.1.0',
          state: 'silent',
          healthy: false,
          detail: hostile,
          started_at: '2026-11-20T11:00:00.000Z',
          seen_at: '2026-11-20T11:00:00.000Z',
          pending_records: 7,
          pending_bytes: 1,
          drain_lag_seconds: 0.5,
          open_requests: 0,
        },
      ]),
    }),
    ...sessionAnswers(empty),
    exportSessions: () => sessionsFile(),
    listModels: () => [],
    listClients: () => [],
    getUsage: () => ({
      from: at,
      to: at,
      zone: 'UTC',
      group_by: 'model',
      total: usageCounts,
      rows: some([{ key: hostile, name: hostile, ...usageCounts }]),
      other: empty ? null : { ...usageCounts, count: 3 },
      overlapping: !empty,
    }),
    listContentReads: () => ({ content_reads: some([contentRead]), count }),
    ...notificationAnswers(empty, { hostile, userId, id: requestId, at }),
    ...secretAnswers(empty, userId, hostile),
    ...signInSettings(empty, userId, hostile),
    ...providerAnswers(empty, { hostile, id: requestId, at }),
    ...licenseAnswers(empty, { hostile, id: requestId, at }),
    ...templateAnswers(empty, { hostile, id: requestId, at }),
    ...rulesAnswers(empty, { hostile, id: requestId, at }),
    ...boundaryAnswers(empty, { hostile, id: requestId, at, who }),
    listAuditEvents: () => ({ audit_logs: some([auditEvent]), count }),
    exportAuditEvents: () => emptyExport(),
    getAuditChain: () => ({
      origin: 'reeve/d/audit',
      seq: 0,
      hash: '',
      removed_seq: 0,
      checkpoint: null,
      keys: some([
        { key: hostile, id: '01234567', replica: hostile, created_at: at },
        { key: formatKey(auditKey), id: auditKey.id, replica: hostile, created_at: at },
      ]),
    }),
    listAuditSinks: () => ({ sinks: some([auditSink]) }),
    createAuditSink: () => ({ ...auditSink, secret: null }),
    updateAuditSink: () => ({ ...auditSink, secret: hostile }),
    testAuditSink: () => ({ delivered: true, error: null }),
    deleteAuditSink: () => undefined,
    ...retentionAnswers(some),
  }
}
