terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 0.17"
    }
  }
}
variable "agent_id" { type = string }
variable "name" { type = string }
resource "coder_app" "a" {
  agent_id     = var.agent_id
  slug         = "app-${var.name}"
  display_name = var.name
  url          = "http://localhost:8080"
  subdomain    = true
  share        = "owner"
  healthcheck {
    url       = "http://localhost:8080/healthz"
    interval  = 5
    threshold = 6
  }
}
resource "coder_script" "s" {
  agent_id     = var.agent_id
  display_name = var.name
  script       = templatefile("${path.module}/run.sh", { NAME = var.name })
  run_on_start = true
  cron         = "0 0 9 * * 1-5"
}
output "id" { value = coder_app.a.id }
