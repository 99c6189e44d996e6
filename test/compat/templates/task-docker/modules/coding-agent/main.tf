terraform {
  required_version = ">= 1.0"
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.12"
    }
  }
}

variable "agent_id" {
  type = string
}

variable "prompt" {
  type    = string
  default = ""
}

variable "system_prompt" {
  type    = string
  default = ""
}

variable "boundary" {
  type    = bool
  default = false
}

data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

locals {
  start = templatefile("${path.module}/start.sh.tftpl", { prompt = base64encode(var.prompt), boundary = var.boundary })
}

resource "coder_env" "base_url" {
  agent_id = var.agent_id
  name     = "ANTHROPIC_BASE_URL"
  value    = "${data.coder_workspace.me.access_url}/api/v2/aibridge/anthropic"
}

resource "coder_env" "key" {
  count    = data.coder_workspace_owner.me.session_token == "" ? 0 : 1
  agent_id = var.agent_id
  name     = "ANTHROPIC_AUTH_TOKEN"
  value    = data.coder_workspace_owner.me.session_token
}

resource "coder_env" "path" {
  agent_id       = var.agent_id
  name           = "PATH"
  value          = "/opt/agent/bin"
  merge_strategy = "prepend"
}

resource "coder_script" "start" {
  agent_id     = var.agent_id
  display_name = "Start the agent"
  icon         = "/icon/agent.svg"
  script       = local.start
  run_on_start = true
}

resource "coder_script" "snapshot" {
  agent_id     = var.agent_id
  display_name = "Keep the conversation"
  script       = "#!/bin/sh\nexec keep-conversation\n"
  run_on_stop  = true
  cron         = "0 */5 * * * *"
}

resource "coder_app" "web" {
  agent_id     = var.agent_id
  slug         = "ccw"
  display_name = "Agent"
  url          = "http://localhost:3284/"
  order        = 1
  group        = "Agents"
  subdomain    = false
  healthcheck {
    url       = "http://localhost:3284/status"
    interval  = 3
    threshold = 20
  }
}

resource "coder_app" "terminal" {
  agent_id = var.agent_id
  slug     = "ccw-terminal"
  command  = <<-EOT
    #!/bin/bash
    exec agent attach
  EOT
}

output "task_app_id" {
  value = coder_app.web.id
}
