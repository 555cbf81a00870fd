# One secret of one workflow. The pipeline sets its value, as
# TF_VAR_registry_password. Terraform sends the value when the rotation changes.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

provider "relay" {
  owner = "shop-registry"
}

variable "registry_password" {
  type        = string
  ephemeral   = true # neither in the state nor in the plan
  description = "Password of the registry."
}

variable "rotation" {
  type        = string
  description = "Change it together with the password, such as to today's date."
}

# Its id changes with each rotation.
resource "terraform_data" "rotation" {
  triggers_replace = var.rotation
}

resource "relay_workflow_secret" "registry_password" {
  workflow = "deploy-registry"
  name     = "registry-password"

  value_wo         = var.registry_password
  value_wo_version = terraform_data.rotation.id

  custom_metadata = { rotation = var.rotation }
  max_versions    = 2
}

# The path that the steps of the workflow read, and the version.
output "registry_password" {
  value = {
    path    = relay_workflow_secret.registry_password.path
    version = relay_workflow_secret.registry_password.version
  }
}
