import type { WorkspaceAgent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { faultOf } from '../api/query-client.ts'
import { useLog } from '../api/use-log.ts'
import { agentLog, followAgentLog } from '../api/workspace-agents.ts'
import { JobLog } from '../jobs/job-log.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { LiveChip } from '../ui/live-chip.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What the scripts of an agent said, and say. */
export function AgentLog({ agent }: { agent: WorkspaceAgent }) {
  const { lines, error, watch } = useLog(
    agent.id,
    useQuery(agentLog(agent.id)),
    agent.status === 'connecting' || agent.status === 'connected',
    (after, signal) => followAgentLog(agent.id, after, signal),
  )
  return (
    <section aria-label="Scripts" className="min-w-0 space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="min-w-0 truncate font-medium">
          Scripts of <HostileLine text={agent.name} />
        </h2>
        <LiveChip state={watch} />
      </div>
      {error !== null && <FaultNotice what="What they said could not be read" fault={faultOf(error)} />}
      <JobLog
        label="What the scripts said"
        lines={lines?.map(({ id, level, source, output }) => ({ id, log_level: level, stage: source, output }))}
      />
      {agent.logs_overflowed && <p className="text-muted">They said more than is kept.</p>}
    </section>
  )
}
