terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}

provider "relay" {
  owner  = "shop-prod"
  settle = "1s" # short for the demo; leave it at 30s
}

variable "database_password" {
  type      = string
  ephemeral = true
}

variable "session_key" {
  type      = string
  ephemeral = true
}

resource "relay_workflow_secret" "database_password" {
  workflow         = "deploy-production"
  name             = "database_password"
  value_wo         = var.database_password
  value_wo_version = "1"
}

resource "relay_workflow_secret" "session_key" {
  workflow             = "deploy-production"
  name                 = "session_key"
  value_wo             = var.session_key
  value_wo_version     = "1"
  delete_version_after = "72h"
}
