import type { AuditEntry } from '../audit/journal.ts'
import type { AgentRow } from './queries.ts'

/** The audit entries of this room, as data. */
export type AgentAudit = Omit<AuditEntry, 'scope' | 'at'>

/** By which way somebody goes into a workspace. */
export type ConnectionKind = 'terminal' | 'command' | 'port' | 'app'

const about = (agent: AgentRow, kind: ConnectionKind) => ({
  resourceType: 'workspace_agent',
  resourceId: agent.id,
  resourceTarget: `${agent.owner_username}/${agent.workspace_name}.${agent.name}`,
  organizationId: agent.organization_id,
  diff: { kind: { old: null, new: kind } },
})

/** What is typed and sent is nobody's business: only that somebody was there, from where, and until when. */
export const connectionOpened = (agent: AgentRow, kind: ConnectionKind): AgentAudit => ({
  action: 'connect',
  ...about(agent, kind),
})

export const connectionClosed = (agent: AgentRow, kind: ConnectionKind, seconds: number): AgentAudit => {
  const { diff, ...rest } = about(agent, kind)
  return { action: 'disconnect', ...rest, diff: { ...diff, seconds: { old: null, new: seconds } } }
}
