terraform {
  required_providers {
    coder      = { source = "coder/coder" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}

variable "server_url" {
  description = "Where pods reach Reeve, if not under its access URL."
  type        = string
  default     = ""
}

variable "namespace" {
  description = "Where workspaces are made. It exists."
  type        = string
  default     = "reeve-workspaces"
}

variable "image" {
  description = "What the pod is made of. It has a shell, git, and Node.js 22 or newer."
  type        = string
  default     = "docker.io/library/node:24-bookworm"
}

variable "home" {
  description = "The home of the image's user."
  type        = string
  default     = "/home/node"
}

variable "user" {
  description = "The number of the image's user."
  type        = number
  default     = 1000
}

variable "arch" {
  description = "The processor of the nodes: amd64 or arm64."
  type        = string
  default     = "amd64"
}

variable "use_kubeconfig" {
  description = "Whether the provider reads a kubeconfig. Not where Reeve runs in the cluster: its service account is used there."
  type        = bool
  default     = false
}

provider "coder" {
  url = var.server_url == "" ? null : var.server_url
}

provider "kubernetes" {
  config_path = var.use_kubeconfig ? "~/.kube/config" : null
}

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

data "coder_parameter" "disk" {
  name         = "disk"
  display_name = "Home"
  description  = "In GiB. It cannot be changed afterwards."
  type         = "number"
  default      = 10
  order        = 4
  validation {
    min = 1
    max = 1024
  }
}

locals {
  # Where a coding agent of the workspace listens.
  port = 3284

  name = "reeve-${data.coder_workspace.me.id}"
  labels = {
    "app.kubernetes.io/name"       = "reeve-workspace"
    "app.kubernetes.io/instance"   = local.name
    "app.kubernetes.io/managed-by" = "reeve"
  }
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = var.arch
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

# What stays when the workspace is stopped, and goes when it is deleted.
resource "kubernetes_persistent_volume_claim_v1" "home" {
  metadata {
    name      = "${local.name}-home"
    namespace = var.namespace
    labels    = local.labels
  }
  # A volume may come only when the first pod asks for it.
  wait_until_bound = false
  spec {
    access_modes = ["ReadWriteOnce"]
    resources {
      requests = {
        storage = "${data.coder_parameter.disk.value}Gi"
      }
    }
  }
}

resource "kubernetes_deployment_v1" "workspace" {
  count            = data.coder_workspace.me.start_count
  wait_for_rollout = false
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }
  spec {
    replicas = 1
    # Two pods at once would have one home.
    strategy {
      type = "Recreate"
    }
    selector {
      match_labels = local.labels
    }
    template {
      metadata {
        labels = local.labels
      }
      spec {
        # The agent runs its stop scripts in this time, and a coding agent keeps its conversation.
        termination_grace_period_seconds = 65
        hostname                         = lower(data.coder_workspace.me.name)
        automount_service_account_token  = false
        security_context {
          run_as_user     = var.user
          run_as_non_root = true
          fs_group        = var.user
        }
        container {
          name        = "workspace"
          image       = var.image
          command     = ["sh", "-c", coder_agent.main.init_script]
          working_dir = var.home
          env {
            name  = "HOME"
            value = var.home
          }
          env {
            name  = "CODER_AGENT_TOKEN"
            value = coder_agent.main.token
          }
          resources {
            requests = {
              cpu    = "250m"
              memory = "512Mi"
            }
            limits = {
              cpu    = data.coder_parameter.cpu.value
              memory = "${data.coder_parameter.memory.value}Gi"
            }
          }
          volume_mount {
            name       = "home"
            mount_path = var.home
          }
        }
        volume {
          name = "home"
          persistent_volume_claim {
            claim_name = kubernetes_persistent_volume_claim_v1.home.metadata[0].name
          }
        }
      }
    }
  }
}
