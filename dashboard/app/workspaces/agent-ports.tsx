import type { WorkspaceAgent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { faultOf } from '../api/query-client.ts'
import { listeningPorts, portShares } from '../api/workspace-agents.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { OpenOutside } from './agent-apps.tsx'
import { SharePort } from './share-port.tsx'

/** What listens in the workspace. The agent is asked only once somebody wants to know. */
export function AgentPorts(props: { agent: WorkspaceAgent; ownerId: string }) {
  const [open, setOpen] = useState(false)
  const list = useId()
  return (
    <div className="space-y-1">
      <Button tone="quiet" aria-expanded={open} aria-controls={list} onClick={() => setOpen(!open)}>
        Ports
      </Button>
      <div id={list} hidden={!open}>
        {open && <Ports {...props} />}
      </div>
    </div>
  )
}

function Ports({ agent, ownerId }: { agent: WorkspaceAgent; ownerId: string }) {
  const { id, name } = agent
  const { data: ports, error, refetch } = useQuery(listeningPorts(id))
  const { data: shared } = useQuery(portShares(agent.workspace_id))
  if (error !== null)
    return <FaultNotice what="The ports could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (ports === undefined) return <p className="late text-muted">Asking the agent …</p>
  const listening = new Set(ports.map(({ port }) => port))
  const levelOf = (port: number) =>
    shared?.shares.find((one) => one.agent_name === name && one.port === port)?.share_level ?? 'owner'
  // What is shared can be taken back whether something listens there or not.
  const silent = (shared?.shares ?? []).filter((one) => one.agent_name === name && !listening.has(one.port))
  const rows = [...ports, ...silent.map(({ port }) => ({ port, process_name: '', url: null }))]
  if (rows.length === 0) return <p className="text-muted">Nothing listens in it.</p>
  return (
    <ul aria-label={`Ports of ${name}`} className="flex flex-wrap gap-x-4">
      {rows.map(({ port, process_name: program, url }) => (
        <li key={port} className="flex min-w-0 items-center gap-x-2">
          {url === null ? <span className="num">{port}</span> : <OpenOutside href={url} text={String(port)} />}
          {program !== '' && (
            <span className="min-w-0 truncate text-muted">
              <HostileLine text={program} />
            </span>
          )}
          {shared !== undefined && (
            <SharePort agent={agent} port={port} level={levelOf(port)} max={shared.max_share_level} ownerId={ownerId} />
          )}
        </li>
      ))}
    </ul>
  )
}
