# Claude Code as the agent of a task. It is behind HTTP, where Reeve talks to it, and behind a boundary.

variable "boundary" {
  description = "Whether Claude Code runs behind a boundary, which holds it to the policies of this template."
  type        = bool
  default     = true
}

variable "claude_version" {
  description = "Which Claude Code is installed where the workspace has none: a version, or latest."
  type        = string
  default     = "latest"
}

data "coder_task" "me" {}

data "coder_parameter" "model" {
  name         = "model"
  display_name = "Model"
  description  = "Empty for the one that Claude Code takes by itself."
  default      = ""
  mutable      = true
  order        = 10
}

data "coder_parameter" "system_prompt" {
  name         = "system_prompt"
  display_name = "Instructions"
  description  = "What Claude Code is told beside its task."
  type         = "string"
  form_type    = "textarea"
  default      = ""
  mutable      = true
  order        = 11
}

# Texts of people travel in the environment: nothing in them is taken for a command.
resource "coder_env" "prompt" {
  agent_id = coder_agent.main.id
  name     = "REEVE_TASK_PROMPT"
  value    = data.coder_task.me.prompt
}

resource "coder_env" "system_prompt" {
  agent_id = coder_agent.main.id
  name     = "REEVE_SYSTEM_PROMPT"
  value    = data.coder_parameter.system_prompt.value
}

resource "coder_env" "model" {
  agent_id = coder_agent.main.id
  name     = "REEVE_MODEL"
  value    = data.coder_parameter.model.value
}

resource "coder_script" "agent" {
  agent_id     = coder_agent.main.id
  display_name = "Claude Code"
  run_on_start = true
  script       = <<-EOT
    set -eu
    export PATH="$HOME/.local/bin:$PATH"
    if ! command -v claude >/dev/null; then
      npm install --global --prefix "$HOME/.local" --no-fund --no-audit "@anthropic-ai/claude-code@${var.claude_version}"
    fi
    until [ -s /tmp/reeve-prepared ]; do sleep 0.2; done
    [ "$(cat /tmp/reeve-prepared)" = 0 ] || { echo "there is no repository to work on" >&2; exit 1; }
    mkdir -p "$HOME/.reeve"
    cd "$HOME/work"
    # The tool by which it says how the task goes.
    set -- --mcp-config '{"mcpServers":{"reeve":{"command":"reeve","args":["exp","mcp","server"]}}}' \
      --dangerously-skip-permissions
    [ -z "$REEVE_MODEL" ] || set -- "$@" --model "$REEVE_MODEL"
    [ -z "$REEVE_SYSTEM_PROMPT" ] || set -- "$@" --append-system-prompt "$REEVE_SYSTEM_PROMPT"
    # Its models are behind the gateway; what it would send elsewhere by itself is not allowed there.
    export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
    export AGENTAPI_INITIAL_PROMPT="$REEVE_TASK_PROMPT"
    rm -f /tmp/reeve-task.pid
    setsid reeve agent serve --type claude --port ${local.port} --pid-file /tmp/reeve-task.pid \
      --state-file "$HOME/.reeve/conversation.json" \
      -- ${var.boundary ? "boundary -- " : ""}claude "$@" \
      </dev/null >>"$HOME/.reeve/agent.log" 2>&1 &
    until [ -s /tmp/reeve-task.pid ]; do
      kill -0 $! 2>/dev/null || { tail -n 20 "$HOME/.reeve/agent.log" >&2; exit 1; }
      sleep 0.1
    done
  EOT
}

# The conversation is whole when the workspace goes.
resource "coder_script" "agent_stop" {
  agent_id     = coder_agent.main.id
  display_name = "Claude Code stops"
  run_on_stop  = true
  timeout      = 60
  script       = <<-EOT
    pid=$(cat /tmp/reeve-task.pid 2>/dev/null) || exit 0
    kill "$pid" 2>/dev/null || exit 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  EOT
}

resource "coder_app" "agent" {
  agent_id     = coder_agent.main.id
  slug         = "agent"
  display_name = "Claude Code"
  url          = "http://localhost:${local.port}"
  hidden       = true
  healthcheck {
    url       = "http://localhost:${local.port}/status"
    interval  = 3
    threshold = 20
  }
}

resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.agent.id
}
