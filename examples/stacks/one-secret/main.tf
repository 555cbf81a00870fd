# One secret of one workflow. Its value comes from the pipeline, as
# TF_VAR_registry_password; it is sent when the rotation is another one.
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
  ephemeral   = true # in no state and in no plan
  description = "Password of the registry."
}

variable "rotation" {
  type        = string
  description = "Change it together with the password, such as to today's date."
}

# Its id is another one after each rotation.
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

# Where the steps of the workflow find it, and which version they read.
output "registry_password" {
  value = {
    path    = relay_workflow_secret.registry_password.path
    version = relay_workflow_secret.registry_password.version
  }
}
