import type { AgentManifest } from '@reeve/sdk'

/** What the control plane says to the agent of a workspace that asks for nothing. */
export const manifest: AgentManifest = {
  agent_id: '00000000-0000-4000-8000-000000000001',
  agent_name: 'main',
  workspace_id: '00000000-0000-4000-8000-000000000002',
  workspace_name: 'billing',
  owner_name: 'dana',
  access_url: 'https://reeve.test/',
  directory: '',
  env: [],
  gateway_token: 'gateway-token',
  boundary: null,
  scripts: [],
  metadata: [],
  apps: [],
  task: null,
  port_proxy_uri: '',
  log_next: 1,
}
