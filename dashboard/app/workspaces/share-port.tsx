import { eachEndpoint as endpoints, type PortShareLevel, type WorkspaceAgent } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { me } from '../api/queries.ts'
import { FaultNotice } from '../ui/notice.tsx'

const words: Readonly<Record<PortShareLevel, string>> = {
  owner: 'not shared',
  organization: 'members of the organization',
  authenticated: 'everybody who is signed in',
  public: 'everybody, signed in or not',
}
// SAFETY: the keys of a record over the levels are the levels, in the order in which they stand there.
const levels = Object.keys(words) as PortShareLevel[]

interface Props {
  readonly agent: Pick<WorkspaceAgent, 'name' | 'workspace_id'>
  readonly port: number
  readonly level: PortShareLevel
  /** As far as the template lets it be shared. */
  readonly max: PortShareLevel
  readonly ownerId: string
}

/** Who else may open a port. Nothing where the template lets none be shared, and words for who may not change it. */
export function SharePort({ agent, port, level, max, ownerId }: Props) {
  const queries = useQueryClient()
  const { data: viewer } = useQuery(me)
  const may = useMay()
  const change = useMutation({
    mutationFn: async (next: PortShareLevel) => {
      const params = { workspace: agent.workspace_id }
      const body = { agent_name: agent.name, port }
      if (next === 'owner') await client.call(endpoints.unshareWorkspacePort, { params, body })
      else await client.call(endpoints.shareWorkspacePort, { params, body: { ...body, share_level: next } })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['workspaces'] }),
  })
  const mayShare = may('workspace:update', viewer?.id === ownerId ? 'mine' : 'somewhere')
  if (!mayShare || max === 'owner') return level === 'owner' ? null : <span>{words[level]}</span>
  return (
    <>
      <select
        aria-label={`Who may open port ${port}`}
        className="h-8 rounded-md border border-control bg-page px-2"
        value={level}
        disabled={change.isPending}
        onChange={({ target }) => change.mutate(levels.find((one) => one === target.value) ?? 'owner')}
      >
        {levels.slice(0, levels.indexOf(max) + 1).map((one) => (
          <option key={one} value={one}>
            {words[one]}
          </option>
        ))}
      </select>
      {change.error !== null && <FaultNotice what="The port was not shared" fault={faultOf(change.error)} />}
    </>
  )
}
