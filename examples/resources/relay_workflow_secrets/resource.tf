variable "registry_password" {
  type      = string
  ephemeral = true # neither in the state nor in the plan
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
      value_wo_version = "2026-11-22" # change it to send this value only
    }
    "signing-key" = {
      value_wo         = var.signing_key
      value_wo_version = "key-7"
    }
  }

  # List undeclared secrets of the workflow. "delete" deletes those of this owner.
  exclusive = "show"
}
