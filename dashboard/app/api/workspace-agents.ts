import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

const lookAgainMs = 5_000

/** The agents of the latest build, and how they are. */
export const workspaceAgents = (workspace: string, build: string) =>
  queryOptions({
    queryKey: ['workspaces', 'one', workspace, 'agents', build],
    queryFn: ({ signal }) => client.call(endpoints.listWorkspaceAgents, { params: { workspace }, signal }),
    refetchInterval: ({ state: { error } }) => (error === null ? lookAgainMs : false),
  })

/** What the scripts of an agent have said. */
export const agentLog = (agent: string) =>
  queryOptions({
    queryKey: ['workspaces', 'agent', agent, 'log'],
    queryFn: ({ signal }) => client.call(endpoints.listWorkspaceAgentLogs, { params: { agent }, query: {}, signal }),
  })

export const followAgentLog = (agent: string, after: number, signal: AbortSignal) =>
  client.events(endpoints.followWorkspaceAgentLogs, { params: { agent }, query: { after }, signal })

/** The ports that others may open, and how far the template lets them be shared. */
export const portShares = (workspace: string) =>
  queryOptions({
    queryKey: ['workspaces', 'one', workspace, 'port shares'],
    queryFn: ({ signal }) => client.call(endpoints.listWorkspacePortShares, { params: { workspace }, signal }),
  })

/** What listens in the workspace now: asked of the agent itself, and so never by the way. */
export const listeningPorts = (agent: string) =>
  queryOptions({
    queryKey: ['listening ports', agent],
    queryFn: async ({ signal }) =>
      (await client.call(endpoints.listListeningPorts, { params: { agent }, signal })).ports,
    gcTime: 0,
    retry: false,
  })
