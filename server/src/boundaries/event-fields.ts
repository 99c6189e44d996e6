import type { BoundaryLine } from '@reeve/sdk'
import { callOf, cut } from './lines.ts'
import type { Place, StoredSession } from './session-queries.ts'

/** Whose boundary it was, as far as it is told with each line. */
export type FieldsSession = Place & Pick<StoredSession, 'id'> & { readonly username: string }

/**
 * A line of a boundary's record as flat fields, for the server's log and for sinks: under the names that collectors of
 * such lines know, beside what they do not. Where a boundary runs in no workspace these are empty. Long texts are cut:
 * collectors cut a message that is too long anywhere.
 */
export function eventFields(session: FieldsSession, line: BoundaryLine) {
  const { net, process, policy } = line
  return {
    decision: line.decision,
    workspace_id: session.workspace_id ?? '',
    workspace_name: session.workspace_name ?? '',
    owner: session.username,
    template_id: session.template_id ?? '',
    template_version_id: session.template_version_id ?? '',
    http_method: net?.method ?? '',
    http_url: cut(net?.url ?? ''),
    event_time: line.time,
    matched_rule: line.decision === 'allow' ? line.rule : '',
    template_name: session.template_name ?? '',
    workspace_build_id: session.build_id ?? '',
    workspace_agent_id: session.agent_id ?? '',
    task_id: session.task_id ?? '',
    task_name: session.task_name ?? '',
    kind: line.kind,
    would: line.would,
    rule: line.rule,
    reason: line.reason,
    denial: line.denial,
    host: net?.host ?? line.dns?.name ?? '',
    port: net?.port ?? null,
    object: cut(line.file?.path ?? line.exec?.path ?? callOf(line)),
    process: cut(process?.exe ?? null),
    process_tree: cut(process?.tree.join(' > ') ?? null),
    pid: process?.pid ?? null,
    tier: line.tier,
    policy: policy === null ? null : `${policy.name}@v${policy.version}`,
    boundary_session: session.id,
    boundary_seq: line.seq,
  }
}
