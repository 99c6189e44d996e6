terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
    docker = {
      source = "kreuzwerker/docker"
    }
    random = {
      source = "hashicorp/random"
    }
    null = {
      source = "hashicorp/null"
    }
  }
}

provider "coder" {
  url = "https://agents.example.com/"
}

data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}
data "coder_task" "me" {}

data "coder_workspace_tags" "where" {
  tags = {
    zone = data.coder_parameter.tools.name
  }
}

data "coder_external_auth" "github" {
  id       = "github"
  optional = true
}

data "coder_secret" "npm" {
  env          = "NPM_TOKEN"
  help_message = "Keep your token for npm as a secret."
}

data "coder_parameter" "tools" {
  name      = "tools"
  type      = "list(string)"
  form_type = "multi-select"
  default   = jsonencode(["git"])
  mutable   = true
  order     = 2
  styling   = jsonencode({ disabled = false })
  option {
    name  = "Git"
    value = "git"
  }
  option {
    name  = "Go"
    value = "go"
  }
}

data "coder_parameter" "agents" {
  name    = "agents"
  type    = "number"
  default = 2
  mutable = true
  validation {
    min       = 1
    max       = 5
    monotonic = "increasing"
    error     = "between {min} and {max}"
  }
}

data "coder_parameter" "debug" {
  name      = "debug"
  type      = "bool"
  form_type = "switch"
  default   = false
  mutable   = true
  ephemeral = true
}

data "coder_parameter" "ticket" {
  name    = "ticket"
  default = "REE-1"
  validation {
    regex = "^[A-Z]+-[0-9]+$"
    error = "A ticket looks like REE-1."
  }
}

data "coder_workspace_preset" "kept" {
  name        = "kept"
  description = "Built before somebody asks"
  parameters  = {}
  prebuilds {
    instances = 1
    expiration_policy {
      ttl = 86400
    }
    scheduling {
      timezone = "Europe/Berlin"
      schedule {
        cron      = "* 8-18 * * 1-5"
        instances = 3
      }
      schedule {
        cron      = "* 8-12 * * sat"
        instances = 1
      }
    }
  }
}

resource "random_integer" "port" {
  min = 10000
  max = 20000
}

resource "coder_agent" "many" {
  count                   = tonumber(data.coder_parameter.agents.value)
  os                      = count.index == 0 ? "linux" : "darwin"
  arch                    = "arm64"
  dir                     = "/home/${lower(data.coder_workspace_owner.me.name)}"
  api_key_scope           = "no_user_data"
  connection_timeout      = 0
  startup_script_behavior = "blocking"
  order                   = count.index
  troubleshooting_url     = "https://example.com/help"
  env                     = { PORT = random_integer.port.result + 1, TOOLS = join(",", jsondecode(data.coder_parameter.tools.value)) }
  display_apps {
    vscode       = data.coder_parameter.debug.value
    web_terminal = false
  }
  resources_monitoring {
    memory {
      enabled   = true
      threshold = 95
    }
    dynamic "volume" {
      for_each = ["/home", "/var"]
      content {
        path      = volume.value
        enabled   = true
        threshold = 90
      }
    }
  }
}

locals {
  first = one([for agent in coder_agent.many : agent if agent.order == 0])
  apps  = { for index, name in ["one", "two"] : "app-${name}" => index }
}

resource "coder_app" "each" {
  for_each = local.apps
  agent_id = coder_agent.many[each.value % length(coder_agent.many)].id
  slug     = each.key
  url      = "http://localhost:${random_integer.port.result + each.value}"
  tooltip  = "**${each.key}**"
  hidden   = each.value == 1
  dynamic "healthcheck" {
    for_each = random_integer.port.result > 15000 ? [1] : []
    content {
      url       = "http://localhost:${random_integer.port.result}"
      interval  = 5
      threshold = 6
    }
  }
}

resource "coder_ai_task" "task" {
  sidebar_app {
    id = coder_app.each["app-one"].id
  }
}

resource "coder_devcontainer" "project" {
  agent_id         = local.first.id
  workspace_folder = "/srv/project"
  config_path      = "/srv/project/.devcontainer/devcontainer.json"
}

resource "coder_external_agent" "elsewhere" {
  agent_id = local.first.id
}

resource "coder_script" "daily" {
  agent_id           = local.first.id
  display_name       = "Every day"
  script             = "echo ${data.coder_parameter.ticket.value}"
  cron               = "@every 24h"
  run_on_start       = true
  start_blocks_login = true
  timeout            = 300
  log_path           = "/tmp/daily.log"
}

resource "coder_env" "npm" {
  agent_id       = local.first.id
  name           = "NPM_TOKEN"
  value          = data.coder_secret.npm.value
  merge_strategy = "error"
}

resource "docker_image" "dev" {
  name = "dev"
  build {
    context = "./build"
    build_args = {
      USER = data.coder_workspace_owner.me.name
    }
  }
  triggers = {
    files = sha1(join("", [for f in fileset(path.module, "build/*") : filesha1(f)]))
  }
}

resource "docker_container" "many" {
  count = data.coder_workspace.me.start_count == 1 ? length(coder_agent.many) : 0
  image = docker_image.dev.image_id
  name  = "${data.coder_workspace.me.name}-${count.index}"
  env   = concat(["CODER_AGENT_TOKEN=${coder_agent.many[count.index].token}"], [for name in data.coder_workspace_owner.me.groups : "GROUP_${upper(name)}=1"])
  dynamic "ports" {
    for_each = data.coder_parameter.debug.value ? [9229] : []
    content {
      internal = ports.value
    }
  }
}

resource "null_resource" "told" {
  triggers = {
    agents = join(",", docker_container.many[*].id)
    roles  = jsonencode(data.coder_workspace_owner.me.rbac_roles)
  }
}

resource "coder_metadata" "containers" {
  count       = length(docker_container.many)
  resource_id = docker_container.many[count.index].id
  hide        = count.index > 0
  icon        = "/icon/container.svg"
  daily_cost  = 12
  dynamic "item" {
    for_each = { image = docker_image.dev.image_id, nothing = null }
    content {
      key   = item.key
      value = item.value
      order = index(["nothing", "image"], item.key)
    }
  }
}

output "access_url" {
  value = "${data.coder_workspace.me.access_url}:${data.coder_workspace.me.access_port}"
}

output "task_app" {
  value = coder_ai_task.task.app_id == coder_app.each["app-one"].id
}

