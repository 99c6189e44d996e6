import type {
  AccessRequest,
  BoundaryEvent,
  BoundaryPolicy,
  BoundaryPolicyVersion,
  BoundarySession,
  Denial,
  MinimalUser,
} from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** What a server answers about boundaries; hosts, paths and command lines are of somebody who means no good. */

export const denialId = 'dny_7Q2M4K9XTRBW5E8HN3VYZ6CAGS'

export const policyText = `apiVersion: reeve/v1
name: team-web
network:
  rules:
    - { id: github-read, host: api.github.com, http: { methods: [GET], paths: ["/repos/acme/**"] } }
tests:
  - { request: "GET https://api.github.com/repos/acme/shop", expect: allow, rule: github-read }
`

export function boundaryAnswers(
  empty: boolean,
  {
    hostile,
    id,
    at,
    who,
  }: { readonly hostile: string; readonly id: string; readonly at: string; readonly who: MinimalUser },
): Partial<Record<Name, Handler>> {
  const workspace = {
    id,
    name: hostile,
    template_id: id,
    template_name: hostile,
    template_version_id: id,
    build_id: id,
    agent_id: id,
    agent_name: 'main',
    task_id: id,
    task_name: hostile,
  }
  const session: BoundarySession = {
    id,
    owner: who,
    workspace,
    organization_id: id,
    status: 'truncated',
    command: hostile,
    hostname: hostile,
    client_version: hostile,
    tier: 1,
    jail: 'namespaces',
    kernel: hostile,
    policy: { name: 'team-web', version: 14 },
    started_at: at,
    last_seen_at: at,
    ended_at: null,
    exit_code: null,
    allowed: 412,
    denied: 3,
    observed: 0,
    acknowledged_seq: 417,
    gaps: 2,
    tampered: true,
  }
  const event: BoundaryEvent = {
    id,
    session_id: id,
    seq: 7,
    kind: 'net',
    time: at,
    owner: who,
    workspace,
    decision: 'deny',
    would: 'deny',
    rule: 'default',
    reason: 'no-matching-rule',
    denial: denialId,
    policy: { name: 'team-web', version: 14 },
    tier: 1,
    process: { pid: 4121, exe: hostile, argv: [hostile], tree: ['claude', hostile] },
    net: {
      protocol: 'h2',
      method: 'POST',
      url: `https://telemetry.example.com/v1/t${hostile}`,
      host: 'telemetry.example.com',
      port: 443,
      address: null,
      inspected: true,
      status: 403,
      bytes_up: 812,
      bytes_down: 0,
      duration_ms: 3,
    },
    dns: null,
    file: null,
    exec: null,
    facts: null,
  }
  const denial: Denial = {
    denial: denialId,
    event,
    mode: 'enforce',
    checked: [
      { rule: 'mirror-npm', policy: 'team-web@v14', summary: 'GET npm.mirror.corp', differs: 'host' },
      { rule: hostile, policy: 'team-web@v14', summary: hostile, differs: 'method' },
    ],
    now: 'deny',
    identical: { count: 31, people: 4 },
    requests: [],
    declined: hostile,
    can_request: true,
  }
  const request: AccessRequest = {
    id,
    denial: denialId,
    status: 'pending',
    requester: who,
    organization_id: id,
    session_id: id,
    scope: 'session',
    duration_seconds: 28_800,
    reason: hostile,
    what: `POST https://telemetry.example.com${hostile}`,
    rule: { host: 'telemetry.example.com', port: 443, tcp: false, methods: ['POST'], paths: ['/v1/t'] },
    identical: { count: 31, people: 4 },
    risks: ['new-domain'],
    created_at: at,
    decided_at: null,
    decided_by: null,
    answer: hostile,
    expires_at: null,
  }
  const version = (number: number): BoundaryPolicyVersion => ({
    version: number,
    document: policyText,
    message: hostile,
    reverts: null,
    published_at: at,
    published_by: who,
  })
  const policy: BoundaryPolicy = {
    id,
    name: 'team-web',
    scope: 'organization',
    organization_id: id,
    organization_name: hostile,
    template_id: null,
    template_name: null,
    version: 14,
    mode: 'enforce',
    rules: 1,
    denials_7d: 31,
    would_deny_7d: 0,
    created_at: at,
    published_at: at,
    published_by: who,
  }
  const some = <T>(one: T): T[] => (empty ? [] : [one])
  const counted = { count: empty ? 0 : 1, count_is_exact: true }
  const destination = {
    host: hostile,
    first_seen: at,
    last_seen: at,
    allowed: 1,
    denied: 2,
    observed: 0,
    people: 1,
    bytes_up: 812,
    bytes_down: 0,
    is_new: true,
  }
  const hits = { policy: 'team-web', version: 14, rule: hostile, effect: 'allow', hits: 0, denied: 0, last_hit: null }
  const change = { was: 'deny', becomes: 'allow', what: hostile, rule: hostile, count: 3, people: 1, last: at }
  return {
    listBoundarySessions: () => ({ sessions: some(session), ...counted }),
    getBoundarySession: () => session,
    stopBoundarySession: () => session,
    listBoundaryEvents: () => ({ events: some(event), ...counted }),
    countBoundaryEvents: () => ({ step_seconds: 3600, buckets: [] }),
    listBoundaryDestinations: () => ({ destinations: some(destination), count: 1 }),
    listBoundaryRules: () => ({ rules: some(hits), count: 1 }),
    getDenial: () => denial,
    listBoundaryPolicies: () => ({ policies: some(policy) }),
    createBoundaryPolicy: () => policy,
    getBoundaryPolicy: () => ({ ...policy, document: policyText }),
    listBoundaryPolicyVersions: () => ({ versions: [version(14), version(13)] }),
    publishBoundaryPolicy: () => version(15),
    deleteBoundaryPolicy: () => undefined,
    simulateBoundaryPolicy: () => ({
      decision: 'allow',
      rule: hostile,
      policy: hostile,
      reason: 'rule',
      checked: empty ? [] : denial.checked,
    }),
    replayBoundaryPolicy: () => ({
      since: at,
      decisions: 81_233,
      changed: 3,
      complete: false,
      changes: some(change),
    }),
    listAccessRequests: () => ({ access_requests: some(request), ...counted }),
    createAccessRequest: () => request,
    getAccessRequest: () => request,
    approveAccessRequest: () => ({ ...request, status: 'approved' }),
    declineAccessRequest: () => ({ ...request, status: 'declined' }),
    withdrawAccessRequest: () => ({ ...request, status: 'withdrawn' }),
  }
}
