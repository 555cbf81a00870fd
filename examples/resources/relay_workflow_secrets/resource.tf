variable "registry_password" {
  type      = string
  ephemeral = true # in no state and in no plan, on its way here too
}

variable "signing_key" {
  type      = string
  ephemeral = true
}

resource "relay_workflow_secrets" "deploy_production" {
  workflow = "deploy-production"

  secrets = {
    "registry-password" = {
      value_wo         = var.registry_password
      value_wo_version = "2026-11-22" # change it to send this value, and no other
    }
    "signing-key" = {
      value_wo         = var.signing_key
      value_wo_version = "key-7"
    }
  }

  # Say what else is in the workflow. "delete" would delete what this owner holds
  # and no longer declares.
  exclusive = "show"
}
