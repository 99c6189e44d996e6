# Whatever the language has, in one template: what a reader of it must not trip over.

terraform {
  required_version = ">= 1.3, < 2.0.0"
  required_providers {
    coder = {
      source                = "coder/coder"
      version               = "~> 2.13"
      configuration_aliases = []
    }
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
    terraform = { source = "terraform.io/builtin/terraform" }
    cloud     = { source = "acme.example.com/infra/cloud", version = "1.2.3" }
  }
  backend "s3" {
    bucket = "x"
    key    = "y"
    region = "z"
  }
}
provider "coder" {}
provider "coder" {
  alias = "other"
  url   = "https://other.example.com"
}
provider "docker" {
  host = var.docker_socket != "" ? var.docker_socket : null
  registry_auth {
    address  = "ghcr.io"
    username = nonsensitive(var.secret)
  }
}
provider "cloud" {
  region = "here"
}
variable "docker_socket" {
  default     = ""
  description = "(Optional) Docker socket URI"
  type        = string
  nullable    = false
}
variable "secret" {
  type      = string
  default   = "s3cr3t"
  sensitive = true
  ephemeral = false
}
variable "shape" {
  type = object({
    cpu  = optional(number, 2)
    mem  = optional(number, 4)
    tags = optional(map(string), {})
    list = optional(list(object({ a = string, b = optional(bool) })), [])
  })
  default = {}
  validation {
    condition     = var.shape.cpu > 0 && var.shape.mem > 0
    error_message = "Both have to be more than ${0}."
  }
}
variable "tuple" {
  type    = tuple([string, number])
  default = ["a", 1]
}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {
  provider = coder.other
}
data "coder_provisioner" "me" {}
locals {
  heredoc     = <<-EOT
    %{if var.docker_socket != ""~}
    socket ${var.docker_socket}
    %{else~}
    none %%{literal} $${literal}
    %{endif~}
    %{for k, v in { a = 1, b = 2 } ~}
    ${k}=${v}
    %{endfor~}
  EOT
  flat        = <<EOF
plain
EOF
  sizes       = { for s in ["s", "m", "l"] : upper(s) => { n = length(s) } if s != "m" }
  grouped     = { for p in [["a", 1], ["a", 2]] : p[0] => p[1]... }
  splat       = [for i in range(3) : { v = i }][*].v
  legacy      = tolist([1, 2, 3]).0
  cond        = try(var.shape.tags["x"], "none")
  deep        = templatestring(local.tmpl, { name = "x" })
  tmpl        = "hi $${name}"
  big         = 12345678901234567890
  regexed     = regexall("[a-z]+", "ab cd")
  dashed-name = "ok"
  unicode     = "Grüße 🌍 — \u00e9 \t"
}
check "health" {
  data "coder_provisioner" "inner" {}
  assert {
    condition     = data.coder_provisioner.inner.os == "linux"
    error_message = "not linux"
  }
}
moved {
  from = docker_container.old
  to   = docker_container.workspace
}
removed {
  from = docker_image.gone
  lifecycle {
    destroy = false
  }
}
resource "coder_agent" "main" {
  arch           = data.coder_provisioner.me.arch
  os             = "linux"
  dir            = "/home/${lower(data.coder_workspace_owner.me.name)}"
  startup_script = local.heredoc
  env = {
    GIT_AUTHOR_NAME = coalesce(data.coder_workspace_owner.me.full_name, data.coder_workspace_owner.me.name)
    "quoted.key"    = "v"
    (local.cond)    = "computed key"
  }
  display_apps {
    vscode          = true
    vscode_insiders = false
  }
  dynamic "metadata" {
    for_each = { cpu = "coder stat cpu", mem = "coder stat mem" }
    iterator = m
    content {
      key          = m.key
      display_name = title(m.key)
      script       = m.value
      interval     = 10
      timeout      = 1
    }
  }
  resources_monitoring {
    memory {
      enabled   = true
      threshold = 80
    }
    volume {
      path      = "/volume1"
      enabled   = true
      threshold = 90
    }
  }
}
module "inner" {
  source   = "./modules/inner"
  for_each = toset(["one", "two"])
  agent_id = coder_agent.main.id
  name     = each.key
  providers = {
    coder = coder
  }
}
resource "docker_image" "main" {
  name = "reeve-${data.coder_workspace.me.id}"
  build {
    context = "./build"
    build_args = {
      USER = data.coder_workspace_owner.me.name
    }
  }
  triggers = {
    dir_sha1 = sha1(join("", [for f in fileset(path.module, "build/*") : filesha1("${path.module}/${f}")]))
  }
}
resource "docker_volume" "home" {
  name = "coder-${data.coder_workspace.me.id}-home"
  lifecycle {
    ignore_changes  = all
    prevent_destroy = false
  }
  labels {
    label = "coder.owner"
    value = data.coder_workspace_owner.me.name
  }
}
resource "docker_container" "workspace" {
  count      = data.coder_workspace.me.start_count
  image      = docker_image.main.name
  name       = "coder-${data.coder_workspace_owner.me.name}-${lower(data.coder_workspace.me.name)}"
  hostname   = data.coder_workspace.me.name
  entrypoint = ["sh", "-c", replace(coder_agent.main.init_script, "/localhost|127\\.0\\.0\\.1/", "host.docker.internal")]
  env = [
    "CODER_AGENT_TOKEN=${coder_agent.main.token}",
    "SHAPE=${jsonencode(var.shape)}",
  ]
  dynamic "volumes" {
    for_each = [docker_volume.home.name]
    content {
      container_path = "/srv/home"
      volume_name    = volumes.value
      read_only      = false
    }
  }
  lifecycle {
    precondition {
      condition     = length(var.tuple) == 2
      error_message = "two"
    }
    postcondition {
      condition     = self.image != ""
      error_message = "image"
    }
    replace_triggered_by  = [docker_image.main.name]
    create_before_destroy = true
  }
  timeouts {
    create = "10m"
  }
  provisioner "local-exec" {
    command    = "true"
    when       = destroy
    on_failure = continue
  }
}
resource "cloud_disk" "many" {
  for_each = local.sizes
  size     = each.value.n
}
resource "terraform_data" "trigger" {
  triggers_replace = [coder_agent.main.id]
  input            = provider::terraform::encode_tfvars({ a = 1 })
}
import {
  to = terraform_data.imported
  id = "abc"
}
resource "terraform_data" "imported" {}
output "x" {
  value       = try(docker_container.workspace[0].name, null)
  sensitive   = false
  description = "x"
  precondition {
    condition     = length(local.sizes) > 0
    error_message = "never"
  }
}
