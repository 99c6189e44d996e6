import { endpoints } from '@reeve/sdk'
import { implement, implementBytes, implementEvents, type Route, signedIn } from '../http/implement.ts'
import type { AgentRoom } from './agent-room.ts'
import { agentById, agentLog, agentsOf, followAgentLog, takeLines } from './agents.ts'
import { takeAppStatus } from './app-status.ts'
import { externalAuthOf, gitSshKeyOf } from './credentials.ts'
import { initScript } from './init-script.ts'

export const agentRoutes = (room: AgentRoom): Route[] => [
  implement(endpoints.listWorkspaceAgents, ({ params }, scope) => agentsOf(room, signedIn(scope), params.workspace)),
  implement(endpoints.getWorkspaceAgent, ({ params }, scope) => agentById(room, signedIn(scope), params.agent)),
  implement(endpoints.listWorkspaceAgentLogs, ({ params, query }, scope) =>
    agentLog(room, signedIn(scope), params.agent, query),
  ),
  implementEvents(endpoints.followWorkspaceAgentLogs, ({ params, query }, scope) =>
    followAgentLog(room, scope, params.agent, query.after ?? 0),
  ),
  implement(endpoints.patchAgentLogs, ({ body }, scope) => takeLines(room, scope, body)),
  implement(endpoints.patchAgentAppStatus, ({ body }, scope) => takeAppStatus(room, scope, body)),
  implement(endpoints.getAgentExternalAuth, ({ query }, scope) => externalAuthOf(room, scope, query)),
  implement(endpoints.getAgentGitSshKey, (_, scope) => gitSshKeyOf(room, scope)),
  implementBytes(endpoints.getInitScript, ({ params: { os, arch } }) => ({
    bytes: Buffer.from(initScript({ os, arch, auth: 'token', accessUrl: room.accessUrl })),
    contentType: 'text/plain; charset=utf-8',
    fileName: null,
  })),
]
