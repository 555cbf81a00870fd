# The secrets of a team's workflows. The run logs in with an AppRole whose token has
# the writer's policy and cannot read values. The token is revoked after the run.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

variable "role_id" {
  type = string
}

variable "secret_id" {
  type      = string
  ephemeral = true
}

provider "relay" {
  owner = "shop-team"

  auth = {
    approle = {
      role_id   = var.role_id
      secret_id = var.secret_id
    }
  }
  require_write_only = "error"

  defaults = {
    custom_metadata = { team = "shop" }
  }
}

# Secrets of every workflow of the team.
variable "registry_password" {
  type      = string
  ephemeral = true
}

variable "signing_key" {
  type      = string
  ephemeral = true
}

locals {
  workflows = toset(["build-shop", "deploy-shop"])
}

resource "relay_workflow_secret" "registry_password" {
  for_each = local.workflows
  workflow = each.key
  name     = "registry-password"

  value_wo         = var.registry_password
  value_wo_version = "1"
}

# A secret of the deployment only, which expires if it is not written again.
resource "relay_workflow_secret" "signing_key" {
  workflow = "deploy-shop"
  name     = "signing-key"

  value_wo             = var.signing_key
  value_wo_version     = "1"
  delete_version_after = "720h"
}
