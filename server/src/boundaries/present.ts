import type {
  AccessRequest,
  BoundaryEvent,
  BoundaryPolicy,
  BoundaryPolicyVersion,
  BoundarySession,
  BoundaryWorkspace,
  MinimalUser,
} from '@reeve/sdk'
import { AccessRule, BoundaryLine } from '@reeve/sdk'
import { z } from 'zod'
import type { AccessRow } from './access-queries.ts'
import type { EventRow } from './event-queries.ts'
import { missingOf } from './ingest.ts'
import { accessStatus, sessionStatus } from './lifecycle.ts'
import type { PolicyRow } from './policy-queries.ts'
import type { Place, SessionRow } from './session-queries.ts'

/** Rows as the contract shows them. */

interface Person {
  readonly user_id: string
  readonly username: string
  readonly name: string
  readonly avatar_url: string
}

const person = (row: Person): MinimalUser => ({
  id: row.user_id,
  username: row.username,
  name: row.name,
  avatar_url: row.avatar_url,
})

const presentPlace = (row: Place): BoundaryWorkspace | null =>
  row.workspace_id === null
    ? null
    : {
        id: row.workspace_id,
        name: row.workspace_name ?? '',
        template_id: row.template_id ?? '',
        template_name: row.template_name ?? '',
        template_version_id: row.template_version_id ?? '',
        build_id: row.build_id ?? '',
        agent_id: row.agent_id ?? '',
        agent_name: row.agent_name ?? '',
        task_id: row.task_id,
        task_name: row.task_name,
      }

export const presentSession = (row: SessionRow, now: Date): BoundarySession => ({
  id: row.id,
  owner: person(row),
  workspace: presentPlace(row),
  organization_id: row.organization_id,
  status: sessionStatus(row, now),
  command: row.command,
  hostname: row.hostname,
  client_version: row.client_version,
  tier: row.tier,
  jail: row.jail,
  kernel: row.kernel,
  policy: row.policy_name === null ? null : { name: row.policy_name, version: row.policy_version ?? 0 },
  started_at: row.started_at.toISOString(),
  last_seen_at: row.last_seen_at.toISOString(),
  ended_at: row.ended_at?.toISOString() ?? null,
  exit_code: row.exit_code,
  allowed: row.allowed,
  denied: row.denied,
  observed: row.observed,
  acknowledged_seq: row.acknowledged_seq,
  gaps: missingOf(row),
  tampered: row.tampered !== null,
})

/** Facts from the line itself, which was validated when it came in; what the room decided about it from the row. */
export function presentEvent(row: EventRow, line = BoundaryLine.parse(JSON.parse(row.line))): BoundaryEvent {
  return {
    id: row.id,
    session_id: row.session_id,
    seq: row.seq,
    kind: line.kind,
    time: row.at.toISOString(),
    owner: person(row),
    workspace: presentPlace(row),
    decision: line.decision,
    would: line.would,
    rule: line.rule,
    reason: line.reason,
    denial: line.denial,
    policy: line.policy,
    tier: line.tier,
    process: line.process,
    net: line.net,
    dns: line.dns,
    file: line.file,
    exec: line.exec,
    facts: line.facts,
  }
}

export const presentForCoder = (row: SessionRow) => ({
  id: row.id,
  workspace_agent_id: row.agent_id,
  owner_id: row.user_id,
  confined_process_name: row.command,
  started_at: row.started_at.toISOString(),
  updated_at: row.last_seen_at.toISOString(),
})

/** A decision without a rule is a denial there, whatever rule it was that denied. */
export const presentLogForCoder = (row: Omit<EventRow, 'username' | 'name' | 'avatar_url' | keyof Place>) => {
  const { net } = BoundaryLine.parse(JSON.parse(row.line))
  return {
    id: row.id,
    session_id: row.session_id,
    sequence_number: row.seq,
    captured_at: row.at.toISOString(),
    created_at: row.received_at.toISOString(),
    proto: 'http',
    method: row.method ?? 'CONNECT',
    detail: net?.url ?? `${row.host ?? ''}:${row.port ?? 0}`,
    matched_rule: row.decision === 'allow' ? row.rule : null,
  }
}

/** A boundary asks about a program as `access`, and about deletions as a file. */
const whatPrefix: ReadonlyMap<string, string> = new Map([
  ['exec', 'run '],
  ['access', 'run '],
  ['call', 'call '],
])

/** What it was about, in one line. */
export function whatOf(row: Pick<EventRow, 'kind' | 'host' | 'port' | 'method' | 'path' | 'object'>): string {
  if (row.host === null) return `${whatPrefix.get(row.kind) ?? ''}${row.object ?? row.kind}`
  if (row.kind === 'dns') return `resolve ${row.host}`
  if (row.method === null) return `connect ${row.host}:${row.port ?? 0}`
  const scheme = row.port === 80 ? 'http' : 'https'
  const port = row.port === 443 || row.port === 80 || row.port === null ? '' : `:${row.port}`
  return `${row.method} ${scheme}://${row.host}${port}${row.path ?? '/'}`
}

export interface PolicyFacts {
  readonly rules: number
  readonly mode: 'enforce' | 'observe' | null
  readonly denied: number
  readonly observed: number
}

const publisher = (row: {
  readonly publisher_id: string | null
  readonly username: string | null
  readonly name_of_publisher: string | null
  readonly avatar_url: string | null
}): MinimalUser | null =>
  row.publisher_id === null
    ? null
    : {
        id: row.publisher_id,
        username: row.username ?? '',
        name: row.name_of_publisher ?? '',
        avatar_url: row.avatar_url ?? '',
      }

export const presentPolicy = (row: PolicyRow, facts: PolicyFacts): BoundaryPolicy => ({
  id: row.id,
  name: row.name,
  scope: row.template_id !== null ? 'template' : row.organization_id !== null ? 'organization' : 'deployment',
  organization_id: row.organization_id,
  organization_name: row.organization_name,
  template_id: row.template_id,
  template_name: row.template_name,
  version: row.version,
  mode: facts.mode,
  rules: facts.rules,
  denials_7d: facts.denied,
  would_deny_7d: facts.observed,
  created_at: row.created_at.toISOString(),
  published_at: row.published_at?.toISOString() ?? null,
  published_by: publisher(row),
})

export const presentVersion = (row: {
  readonly version: number
  readonly document: string
  readonly message: string
  readonly reverts: number | null
  readonly published_at: Date
  readonly publisher_id: string | null
  readonly username: string | null
  readonly name_of_publisher: string | null
  readonly avatar_url: string | null
}): BoundaryPolicyVersion => ({
  version: row.version,
  document: row.document,
  message: row.message,
  reverts: row.reverts,
  published_at: row.published_at.toISOString(),
  published_by: publisher(row),
})

const Risks = z.array(z.enum(['new-domain', 'raw-address', 'shared-host', 'large-upload', 'write-method'])).catch([])

export const presentAccess = (
  row: AccessRow,
  identical: { readonly count: number; readonly people: number },
  now: Date,
): AccessRequest => ({
  id: row.id,
  denial: row.denial,
  status: accessStatus(row, now),
  requester: person(row),
  organization_id: row.organization_id,
  session_id: row.session_id,
  scope: AccessScopeOf.parse(row.granted_scope ?? row.scope),
  duration_seconds: row.duration_seconds,
  reason: row.reason,
  what: row.what,
  rule: AccessRule.nullable().parse(row.granted_rule ?? row.rule),
  identical: { ...identical },
  risks: Risks.parse(row.risks),
  created_at: row.created_at.toISOString(),
  decided_at: row.decided_at?.toISOString() ?? null,
  decided_by:
    row.decided_by === null
      ? null
      : {
          id: row.decided_by,
          username: row.decider_username ?? '',
          name: row.decider_name ?? '',
          avatar_url: row.decider_avatar_url ?? '',
        },
  answer: row.answer,
  expires_at: row.expires_at?.toISOString() ?? null,
})

const AccessScopeOf = z.enum(['session', 'user', 'organization'])
