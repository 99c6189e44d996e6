terraform {
  required_providers {
    coder  = { source = "coder/coder" }
    docker = { source = "kreuzwerker/docker" }
  }
}

variable "server_url" {
  description = "Where containers reach Reeve, if not under its access URL."
  type        = string
  default     = ""
}

variable "image" {
  description = "What the container is made of. It has a shell, git, and Node.js 22 or newer, or curl or wget instead."
  type        = string
  default     = "docker.io/library/node:24-bookworm"
}

variable "home" {
  description = "The home of the image's user."
  type        = string
  default     = "/home/node"
}

variable "user" {
  description = "The image's user: a name or a number."
  type        = string
  default     = "node"
}

variable "network_mode" {
  description = "A network of the engine. With host the container reaches a server that listens on the loopback of this machine."
  type        = string
  default     = "bridge"
}

provider "coder" {
  url = var.server_url == "" ? null : var.server_url
}

provider "docker" {}

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

data "coder_parameter" "cpu" {
  name         = "cpu"
  display_name = "CPUs"
  type         = "number"
  default      = 2
  mutable      = true
  order        = 2
  validation {
    min = 1
    max = 64
  }
}

data "coder_parameter" "memory" {
  name         = "memory"
  display_name = "Memory"
  description  = "In GiB."
  type         = "number"
  default      = 4
  mutable      = true
  order        = 3
  validation {
    min = 1
    max = 512
  }
}

data "coder_workspace_preset" "usual" {
  name        = "Usual"
  description = "Enough for most repositories."
  default     = true
  parameters  = { cpu = 2, memory = 4 }
}

data "coder_workspace_preset" "large" {
  name        = "Large"
  description = "For builds and tests that want more."
  parameters  = { cpu = 8, memory = 16 }
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

# Where a coding agent of the workspace listens.
locals {
  port = 3284
}

# What stays when the workspace is stopped, and goes when it is deleted.
resource "docker_volume" "home" {
  name = "reeve-${data.coder_workspace.me.id}-home"
  labels {
    label = "reeve.workspace"
    value = data.coder_workspace.me.id
  }
  # A renamed workspace, or one that has another owner by now, keeps its home.
  lifecycle {
    ignore_changes = all
  }
}

resource "docker_image" "workspace" {
  count        = data.coder_workspace.me.start_count
  name         = var.image
  keep_locally = true
}

resource "docker_container" "workspace" {
  count        = data.coder_workspace.me.start_count
  name         = "reeve-${data.coder_workspace.me.id}"
  image        = docker_image.workspace[0].image_id
  hostname     = lower(data.coder_workspace.me.name)
  user         = var.user
  working_dir  = var.home
  entrypoint   = ["sh", "-c", coder_agent.main.init_script]
  env          = ["CODER_AGENT_TOKEN=${coder_agent.main.token}", "HOME=${var.home}"]
  network_mode = var.network_mode
  memory       = data.coder_parameter.memory.value * 1024
  cpus         = tostring(data.coder_parameter.cpu.value)
  # Processes that lose their parent are waited for.
  init = true
  # The agent runs its stop scripts in this time, and a coding agent keeps its conversation.
  destroy_grace_seconds = 65

  dynamic "host" {
    for_each = var.network_mode == "host" ? [] : ["host.docker.internal"]
    content {
      host = host.value
      ip   = "host-gateway"
    }
  }
  volumes {
    volume_name    = docker_volume.home.name
    container_path = var.home
  }
  labels {
    label = "reeve.workspace"
    value = data.coder_workspace.me.id
  }
  labels {
    label = "reeve.owner"
    value = data.coder_workspace_owner.me.name
  }
}
