# All secrets of one workflow in one resource, an audit of all other secrets, and a
# check that warns in every plan.
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

# Names and versions are not secret: the plan shows them. A version is any string that
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

  exclusive = "delete" # deletes secrets of this owner that are no longer declared
}

# Read after the apply.
data "relay_workflow_secrets" "deploy" {
  workflow   = local.workflow
  depends_on = [relay_workflow_secrets.deploy]
}

locals {
  others = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => coalesce(secret.owner, "unmanaged")
    if !secret.deleted && !contains(keys(var.versions), name)
  }
}

check "no_others" {
  assert {
    condition     = length(local.others) == 0
    error_message = "The workflow has secrets of others: ${jsonencode(local.others)}."
  }
}

output "owners" {
  value = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => secret.owner if !secret.deleted
  }
}
