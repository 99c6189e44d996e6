terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
    aws = {
      source = "hashicorp/aws"
    }
    cloudinit = {
      source = "hashicorp/cloudinit"
    }
    # Left over from something that is gone.
    external = {
      source = "hashicorp/external"
    }
  }
}

variable "zone" {
  default = "a"
}

data "coder_parameter" "region" {
  name         = "region"
  display_name = "Region"
  description  = "Where the machine is."
  default      = "us-east-1"
  mutable      = false
  dynamic "option" {
    for_each = { "eu-west-1" = "Ireland", "us-east-1" = "Virginia" }
    content {
      name  = option.value
      value = option.key
      icon  = "/emojis/1f310.png"
    }
  }
}

data "coder_parameter" "instance_type" {
  name    = "instance_type"
  default = "small"
  mutable = true
  option {
    name  = "2 processors"
    value = "small"
  }
  option {
    name  = "4 processors"
    value = "large"
  }
}

provider "aws" {
  region = data.coder_parameter.region.value
}

data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

data "aws_ami" "debian" {
  most_recent = true
  filter {
    name   = "name"
    values = ["debian-12-*"]
  }
  owners = ["136693071363"]
}

data "aws_availability_zones" "all" {}

resource "coder_agent" "dev" {
  count = data.coder_workspace.me.start_count
  arch  = "amd64"
  auth  = "aws-instance-identity"
  os    = "linux"
}

resource "coder_agent_instance" "dev" {
  count       = data.coder_workspace.me.start_count
  agent_id    = coder_agent.dev[0].id
  instance_id = aws_instance.dev.id
}

data "cloudinit_config" "user_data" {
  gzip          = false
  base64_encode = false
  part {
    filename     = "userdata.sh"
    content_type = "text/x-shellscript"
    content      = try(coder_agent.dev[0].init_script, "")
  }
}

resource "aws_instance" "dev" {
  ami               = data.aws_ami.debian.id
  availability_zone = data.aws_availability_zones.all.names[0]
  instance_type     = { small = "t3.micro", large = "t3.large" }[data.coder_parameter.instance_type.value]
  user_data         = data.cloudinit_config.user_data.rendered
  root_block_device {
    volume_size = 30
  }
  boot_image {
    version = "latest"
  }
  tags = {
    Name = "coder-${data.coder_workspace_owner.me.name}-${data.coder_workspace.me.name}"
  }
  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_ec2_instance_state" "dev" {
  instance_id = aws_instance.dev.id
  state       = data.coder_workspace.me.transition == "start" ? "running" : "stopped"
}

resource "coder_metadata" "machine" {
  resource_id = aws_instance.dev.id
  item {
    key   = "region"
    value = data.coder_parameter.region.value
  }
  item {
    key   = "disk"
    value = "${aws_instance.dev.root_block_device[0].volume_size} GiB"
  }
}

# What keeps the home, whatever becomes of the values that it was made with; others refer to what only it knows.
resource "aws_ebs_volume" "home" {
  availability_zone = "eu-1a"
  size              = 20
  lifecycle {
    ignore_changes = all
  }
}

resource "coder_metadata" "home" {
  resource_id = aws_ebs_volume.home.id
  item {
    key   = "arn"
    value = aws_ebs_volume.home.arn
  }
}
