import { expect } from 'vitest'
import type { RunningServer } from './server.ts'
import { bootMachine, type Machine, startedOf } from './workspace-machine.ts'

/** Tasks whose machine is a process of the test: Claude Code behind AgentAPI, asking the scripted provider. */
export const taskTemplate = (port: number) => `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
data "coder_task" "me" {}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = <<-EOT
    export ANTHROPIC_BASE_URL="$CODER_AGENT_URL/api/v2/ai-gateway/scripted"
    agentapi server --type claude --port ${port} --state-file "$HOME/conversation.json" \\
      -- claude --dangerously-skip-permissions > "$HOME/agentapi.log" 2>&1 &
  EOT
  env = {
    AGENTAPI_INITIAL_PROMPT = data.coder_task.me.prompt
    IS_SANDBOX              = "1"
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = "1"
  }
}
resource "coder_app" "agent" {
  agent_id = coder_agent.main.id
  slug     = "agent"
  url      = "http://localhost:${port}"
  healthcheck {
    url       = "http://localhost:${port}/status"
    interval  = 1
    threshold = 30
  }
}
resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.agent.id
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

/** Waits until the build of this number runs, and boots with what it gave its machine. `agents`: where `claude` is. */
export async function bootTaskMachine(
  server: RunningServer,
  {
    id,
    build,
    home,
    agents,
  }: { readonly id: string; readonly build: number; readonly home: string; readonly agents: string },
): Promise<Machine> {
  const read = async () => (await server.api('GET', `/api/v2/tasks/me/${id}`)).json
  const running = async () => {
    const { workspace_status, workspace_build_number: number } = await read()
    return number === build ? workspace_status : null
  }
  await expect.poll(running, { timeout: 60_000, interval: 250 }).toBe('running')
  const { workspace_id } = await read()
  return bootMachine(await startedOf(server, workspace_id), home, { PATH: `${agents}:${process.env['PATH'] ?? ''}` })
}
