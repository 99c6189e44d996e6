terraform {
  required_providers {
    coder = { source = "coder/coder" }
    reeve = { source = "reeve/reeve" }
  }
}

variable "path" {
  description = "Folders with programs that go before those of the system, with colons between them. The server has to show them: REEVE_LOCAL_WORKSPACES_READABLE."
  type        = string
  default     = ""
}

variable "memory" {
  description = "How many MiB a workspace has. Three quarters of the machine's if not set."
  type        = number
  default     = null
}

variable "cpu" {
  description = "How many processors' worth of time a workspace has; 0.5 is half of one. No bound if not set."
  type        = number
  default     = null
}

data "coder_provisioner" "me" {}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

data "coder_parameter" "repository" {
  name         = "repository"
  display_name = "Repository"
  description  = "A git repository that is cloned into the home at the first start. Empty for none."
  default      = ""
  mutable      = true
  order        = 1
}

data "coder_workspace_preset" "empty" {
  name        = "Empty"
  description = "A home with nothing in it."
  default     = true
  parameters  = { repository = "" }
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = data.coder_provisioner.me.arch
  env = {
    GIT_AUTHOR_NAME     = coalesce(data.coder_workspace_owner.me.full_name, data.coder_workspace_owner.me.name)
    GIT_AUTHOR_EMAIL    = data.coder_workspace_owner.me.email
    GIT_COMMITTER_NAME  = coalesce(data.coder_workspace_owner.me.full_name, data.coder_workspace_owner.me.name)
    GIT_COMMITTER_EMAIL = data.coder_workspace_owner.me.email
    REPOSITORY          = data.coder_parameter.repository.value
  }
  startup_script_behavior = "blocking"
  startup_script          = <<-EOT
    set -eu
    # Scripts run side by side; what needs the repository waits for this.
    trap 'echo $? >/tmp/reeve-prepared' EXIT
    mkdir -p "$HOME/work"
    if [ -n "$REPOSITORY" ] && [ -z "$(ls -A "$HOME/work")" ]; then
      git clone -- "$REPOSITORY" "$HOME/work"
    fi
  EOT

  metadata {
    key          = "cpu"
    display_name = "CPU"
    script       = "reeve stat cpu"
    interval     = 15
    timeout      = 5
  }
  metadata {
    key          = "memory"
    display_name = "Memory"
    script       = "reeve stat mem"
    interval     = 15
    timeout      = 5
  }
  metadata {
    key          = "home"
    display_name = "Home"
    script       = "reeve stat disk --path \"$HOME\""
    interval     = 300
    timeout      = 10
  }
}

# Where a coding agent of the workspace listens: the network may be the machine's.
locals {
  port = reeve_home.home.port
}

# What stays when the workspace is stopped, and goes when it is deleted.
resource "reeve_home" "home" {}

# What runs while it is started: the agent, and everything that it starts, in a jail of its own.
resource "reeve_process" "workspace" {
  count   = data.coder_workspace.me.start_count
  home_id = reeve_home.home.id
  script  = coder_agent.main.init_script
  memory  = var.memory
  cpu     = var.cpu
  env = merge(
    { CODER_AGENT_TOKEN = coder_agent.main.token },
    var.path == "" ? {} : { PATH = "${var.path}:/usr/local/bin:/usr/bin:/bin" },
  )
}
