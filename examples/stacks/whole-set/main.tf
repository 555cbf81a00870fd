# All secrets of one workflow in one resource, an audit of whatever else is there,
# and a check that warns in every plan.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

provider "relay" {
  owner = "shop-deploy"
}

locals {
  workflow = "deploy-shop"
}

# Names and versions are no secrets: they make the plan. A version is any text that
# changes with the value.
variable "versions" {
  type        = map(string)
  description = "Version of each secret, by name."
}

variable "values" {
  type        = map(string)
  ephemeral   = true
  description = "Value of each secret, by name."
}

resource "relay_workflow_secrets" "deploy" {
  workflow = local.workflow

  secrets = {
    for name, version in var.versions : name => {
      value_wo         = var.values[name]
      value_wo_version = version
    }
  }

  exclusive = "delete" # what this owner holds there and declares no more
}

# Looks after the apply, so that it tells what is there then.
data "relay_workflow_secrets" "deploy" {
  workflow   = local.workflow
  depends_on = [relay_workflow_secrets.deploy]
}

locals {
  strangers = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => coalesce(secret.owner, "nobody known")
    if !secret.deleted && !contains(keys(var.versions), name)
  }
}

check "nobody_else" {
  assert {
    condition     = length(local.strangers) == 0
    error_message = "Others keep secrets in this workflow: ${jsonencode(local.strangers)}."
  }
}

output "holders" {
  value = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => secret.owner if !secret.deleted
  }
}
