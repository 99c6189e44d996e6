terraform {
  required_providers {
    coder  = { source = "coder/coder" }
    docker = { source = "kreuzwerker/docker" }
  }
}

data "coder_workspace" "me" {}

data "external" "engine" {
  program = ["sh", "-c", "echo '{\"state\":\"up\"}'"]
}

data "http" "release" {
  url = "https://releases.example.com/latest.json"
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

resource "docker_volume" "home" {
  name = "home-${data.coder_workspace.me.id}"

  lifecycle {
    ignore_changes = all

    precondition {
      condition     = data.external.engine.result.state == "up"
      error_message = "The engine is not up."
    }
  }
}

resource "docker_container" "main" {
  count = data.coder_workspace.me.start_count
  name  = lower(data.coder_workspace.me.name)
  image = "editor:${jsondecode(data.http.release.response_body).versions[0].number}"
  env   = ["CODER_AGENT_TOKEN=${coder_agent.main.token}"]

  volumes {
    volume_name = docker_volume.home.name
  }
}

resource "coder_metadata" "machine" {
  count       = data.coder_workspace.me.start_count
  resource_id = coder_agent.main.id

  item {
    key   = "owner"
    value = one(null_resource.owner[*].triggers.name)
  }
}
