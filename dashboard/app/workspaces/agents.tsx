import type { Workspace, WorkspaceAgent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleDot, CircleSlash, Clock, ScrollText, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import { workspaceAgents } from '../api/workspace-agents.ts'
import { State } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { AgentLog } from './agent-log.tsx'
import { AgentApps } from './agent-apps.tsx'
import { AgentPorts } from './agent-ports.tsx'

const looks: Readonly<Record<WorkspaceAgent['status'], readonly [tone: string, icon: typeof Clock]>> = {
  connecting: ['text-muted', Clock],
  connected: ['text-ok', CircleDot],
  disconnected: ['text-bad', CircleSlash],
  timeout: ['text-bad', CircleSlash],
}

/** What runs in the workspace, and the way in. Nothing while there is nothing. */
export function Agents({ workspace }: { workspace: Workspace }) {
  const { data: agents = [] } = useQuery(workspaceAgents(workspace.id, workspace.latest_build.id))
  const [opened, setOpened] = useState<string | null>(null)
  if (agents.length === 0) return null
  const open = agents.find(({ id }) => id === opened)
  return (
    <>
      <ul aria-label="Agents" className="flex flex-wrap gap-3">
        {agents.map((agent) => (
          <li key={agent.id} className="min-w-0 space-y-1 rounded-md border border-line px-3 py-2">
            <div className="flex flex-wrap items-center gap-x-4">
              <span className="min-w-0 truncate font-medium">
                <HostileLine text={agent.name} />
              </span>
              <AgentState status={agent.status} />
              {agent.status === 'connected' && (
                <Link
                  to="/workspaces/$workspace/terminal/$agent"
                  params={{ workspace: workspace.id, agent: agent.id }}
                  className="inline-flex min-h-6 items-center gap-1 text-link"
                >
                  <SquareTerminal size={14} aria-hidden />
                  Terminal
                </Link>
              )}
              <button
                type="button"
                aria-expanded={agent.id === opened}
                className="inline-flex min-h-6 items-center gap-1 text-link"
                onClick={() => setOpened(agent.id === opened ? null : agent.id)}
              >
                <ScrollText size={14} aria-hidden />
                Scripts
              </button>
              <span className="text-bad">{troubles[agent.lifecycle_state]}</span>
            </div>
            <AgentApps agent={agent} />
            {agent.status === 'connected' && <AgentPorts agent={agent} ownerId={workspace.owner_id} />}
          </li>
        ))}
      </ul>
      {open !== undefined && <AgentLog key={open.id} agent={open} />}
    </>
  )
}

/** What went wrong with its scripts, in words; what they said tells the rest. */
const troubles: Readonly<Partial<Record<WorkspaceAgent['lifecycle_state'], string>>> = {
  start_timeout: 'its start scripts take too long',
  start_error: 'a start script failed',
  shutdown_timeout: 'its stop scripts take too long',
  shutdown_error: 'a stop script failed',
}

function AgentState({ status }: Pick<WorkspaceAgent, 'status'>) {
  const [tone, Icon] = looks[status]
  return (
    <State tone={tone} icon={<Icon size={14} aria-hidden />}>
      {status}
    </State>
  )
}
