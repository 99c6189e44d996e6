import type { ServerResponse } from 'node:http'
import type { Workspace, WorkspaceAgent, WorkspaceAgentLog } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'

/** The agent of a workspace that runs. */
export const agentOf = ({ id, created_at }: Workspace): WorkspaceAgent => ({
  id,
  name: hostileTexts[3] ?? 'main',
  workspace_id: id,
  resource_id: id,
  operating_system: 'linux',
  architecture: 'amd64',
  directory: '',
  version: '0.1.0',
  status: 'connected',
  lifecycle_state: 'ready',
  startup_script_behavior: 'non-blocking',
  created_at,
  first_connected_at: created_at,
  last_connected_at: created_at,
  disconnected_at: null,
  started_at: created_at,
  ready_at: created_at,
  logs_length: 0,
  logs_overflowed: false,
  apps: [
    app('web', { url: 'http://web--main--billing--dana.apps.localhost:1', no_url: null, health: 'healthy' }),
    {
      ...app(hostileTexts[1]!, { url: null, no_url: 'no_name', health: 'unhealthy' }),
      statuses: [
        { app_slug: 'web', state: 'failure', message: hostileTexts[9]!, uri: 'javascript:alert(1)', created_at },
      ],
    },
    { ...app('unseen', { url: null, no_url: 'external', health: 'disabled' }), hidden: true },
  ],
  metadata: [],
  stats: null,
  app_status: null,
})

type App = WorkspaceAgent['apps'][number]

const app = (slug: string, about: Pick<App, 'url' | 'no_url' | 'health'>): App => ({
  slug,
  display_name: '',
  hidden: false,
  statuses: [],
  ...about,
})

const said = (id: number, output: string): WorkspaceAgentLog => ({
  id,
  created_at: '2026-10-01T09:00:00.000Z',
  level: id === 2 ? 'error' : 'info',
  source: 'Startup script',
  output,
})

/** One line more than the log has. */
export function followAgentLog(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  res.write(`data: ${JSON.stringify(said(9, 'installing the editor'))}\n\n`)
}

export const agentHandlers = {
  listWorkspaceAgentLogs: () => [said(1, 'cloning the repository'), said(2, hostileTexts[1]!)],
  listListeningPorts: () => ({
    ports: [
      { port: 8080, network: 'tcp', process_name: 'node', url: 'http://8080--main--billing--dana.apps.localhost:1' },
      { port: 9229, network: 'tcp', process_name: hostileTexts[1]!, url: null },
    ],
  }),
} satisfies Handlers
