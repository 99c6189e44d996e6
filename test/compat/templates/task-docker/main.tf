terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.13"
    }
    docker = {
      source = "kreuzwerker/docker"
    }
  }
}

provider "docker" {}

data "coder_provisioner" "me" {}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}
data "coder_task" "me" {}

data "coder_parameter" "system_prompt" {
  name         = "system_prompt"
  display_name = "System prompt"
  type         = "string"
  form_type    = "textarea"
  mutable      = false
}

data "coder_parameter" "container_image" {
  name    = "container_image"
  default = "example/universal:ubuntu"
  mutable = false
}

data "coder_parameter" "preview_port" {
  name    = "preview_port"
  type    = "number"
  default = 4200
  mutable = false
}

data "coder_workspace_preset" "default" {
  name    = "A web application"
  default = true
  parameters = {
    "system_prompt"                               = <<-EOT
      You work in a container.
      	- tabs and "quotes" and $${dollars} stay as they are
    EOT
    (data.coder_parameter.container_image.name) = "example/universal:debian"
    "preview_port"                                = "8000"
  }
}

locals {
  owner = data.coder_workspace_owner.me
  labels = {
    "coder.owner"        = local.owner.name
    "coder.owner_id"     = local.owner.id
    "coder.workspace_id" = data.coder_workspace.me.id
  }
}

resource "coder_agent" "main" {
  arch           = data.coder_provisioner.me.arch
  os             = "linux"
  startup_script = <<-EOT
    set -e
    if [ ! -f ~/.init_done ]; then
      cp -rT /etc/skel ~
      touch ~/.init_done
    fi
  EOT
  env = {
    GIT_AUTHOR_NAME  = coalesce(local.owner.full_name, local.owner.name)
    GIT_AUTHOR_EMAIL = "${local.owner.email}"
  }
  metadata {
    display_name = "CPU Usage"
    key          = "0_cpu_usage"
    script       = "coder stat cpu"
    interval     = 10
    timeout      = 1
  }
  metadata {
    display_name = "Home Disk"
    key          = "3_home_disk"
    script       = "coder stat disk --path $${HOME}"
    interval     = 60
    timeout      = 1
  }
}

module "coding_agent" {
  count         = data.coder_workspace.me.start_count
  source        = "./modules/coding-agent"
  agent_id      = coder_agent.main.id
  prompt        = data.coder_task.me.prompt
  system_prompt = data.coder_parameter.system_prompt.value
}

module "editor" {
  for_each = toset(data.coder_workspace.me.start_count == 1 ? ["cursor", "zed"] : [])
  source   = "./modules/editor"
  agent_id = coder_agent.main.id
  name     = each.key
}

resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = module.coding_agent[count.index].task_app_id
}

resource "coder_app" "preview" {
  agent_id     = coder_agent.main.id
  slug         = "preview"
  display_name = "Preview"
  icon         = "${data.coder_workspace.me.access_url}/emojis/1f50e.png"
  url          = "http://localhost:${data.coder_parameter.preview_port.value}"
  share        = "authenticated"
  subdomain    = true
  open_in      = "tab"
  order        = 0
  healthcheck {
    url       = "http://localhost:${data.coder_parameter.preview_port.value}/"
    interval  = 5
    threshold = 15
  }
}

resource "docker_volume" "home" {
  name = "coder-${data.coder_workspace.me.id}-home"
  lifecycle {
    ignore_changes = all
  }
  dynamic "labels" {
    for_each = local.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

resource "docker_container" "workspace" {
  count      = data.coder_workspace.me.start_count
  image      = data.coder_parameter.container_image.value
  name       = "coder-${local.owner.name}-${lower(data.coder_workspace.me.name)}"
  hostname   = data.coder_workspace.me.name
  entrypoint = ["sh", "-c", replace(coder_agent.main.init_script, "/localhost|127\\.0\\.0\\.1/", "host.docker.internal")]
  env        = ["CODER_AGENT_TOKEN=${coder_agent.main.token}"]
  host {
    host = "host.docker.internal"
    ip   = "host-gateway"
  }
  volumes {
    container_path = "/home/dana"
    volume_name    = docker_volume.home.name
    read_only      = false
  }
}

resource "coder_metadata" "container" {
  count       = data.coder_workspace.me.start_count
  resource_id = docker_container.workspace[0].id
  daily_cost  = 3
  item {
    key   = "image"
    value = docker_container.workspace[0].image
  }
  item {
    key       = "gateway"
    value     = docker_container.workspace[0].network_data[0].gateway
    sensitive = true
  }
}
