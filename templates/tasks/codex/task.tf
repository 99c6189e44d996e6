# Codex as the agent of a task. It is behind HTTP, where Reeve talks to it, and behind a boundary.

variable "boundary" {
  description = "Whether Codex runs behind a boundary, which holds it to the policies of this template."
  type        = bool
  default     = true
}

variable "codex_version" {
  description = "Which Codex is installed where the workspace has none: a version, or latest."
  type        = string
  default     = "latest"
}

data "coder_task" "me" {}

data "coder_parameter" "model" {
  name         = "model"
  display_name = "Model"
  description  = "Empty for the one that Codex takes by itself."
  default      = ""
  mutable      = true
  order        = 10
}

data "coder_parameter" "system_prompt" {
  name         = "system_prompt"
  display_name = "Instructions"
  description  = "What Codex is told beside its task."
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
  display_name = "Codex"
  run_on_start = true
  script       = <<-EOT
    set -eu
    export PATH="$HOME/.local/bin:$PATH"
    if ! command -v codex >/dev/null; then
      npm install --global --prefix "$HOME/.local" --no-fund --no-audit "@openai/codex@${var.codex_version}"
    fi
    until [ -s /tmp/reeve-prepared ]; do sleep 0.2; done
    [ "$(cat /tmp/reeve-prepared)" = 0 ] || { echo "there is no repository to work on" >&2; exit 1; }
    mkdir -p "$HOME/.reeve"
    cd "$HOME/work"
    mkdir -p "$HOME/.codex"
    printf '%s\n' "$REEVE_SYSTEM_PROMPT" >"$HOME/.codex/AGENTS.md"
    set -- -c 'approval_policy="never"' -c 'sandbox_mode="danger-full-access"' -c 'model_provider="reeve"' \
      -c "model_providers.reeve={name=\"Reeve\",base_url=\"$OPENAI_BASE_URL\",env_key=\"OPENAI_API_KEY\",wire_api=\"responses\"}"
    # The tool by which it says how the task goes. Codex hands its tools only what is named of the environment.
    set -- "$@" -c 'mcp_servers.reeve.command="reeve"' -c 'mcp_servers.reeve.args=["exp","mcp","server"]' \
      -c 'mcp_servers.reeve.env_vars=["REEVE_AGENT_SOCKET","REEVE_AGENT_DOOR","CODER_MCP_APP_STATUS_SLUG","http_proxy","no_proxy"]'
    [ -z "$REEVE_MODEL" ] || set -- "$@" -c "model=\"$REEVE_MODEL\""
    export AGENTAPI_INITIAL_PROMPT="$REEVE_TASK_PROMPT"
    rm -f /tmp/reeve-task.pid
    setsid reeve agent serve --type codex --port ${local.port} --pid-file /tmp/reeve-task.pid \
      --state-file "$HOME/.reeve/conversation.json" \
      -- ${var.boundary ? "boundary -- " : ""}codex "$@" \
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
  display_name = "Codex stops"
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
  display_name = "Codex"
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
