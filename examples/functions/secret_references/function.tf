variable "registry_password" {
  type      = string
  ephemeral = true
}

variable "signing_key" {
  type      = string
  ephemeral = true
}

locals {
  deploy  = provider::relay::secret_references(file("${path.module}/deploy.yaml"))
  written = ["registry_password", "signing_key"]
}

# The precondition fails if the file uses a secret that is not written.
resource "relay_workflow_secrets" "deploy" {
  workflow = "deploy"
  secrets = {
    registry_password = { value_wo = var.registry_password, value_wo_version = "1" }
    signing_key       = { value_wo = var.signing_key, value_wo_version = "1" }
  }

  lifecycle {
    precondition {
      condition     = length(setsubtract(local.deploy.secrets, local.written)) == 0
      error_message = "deploy.yaml uses secrets that are not written: ${join(", ", setsubtract(local.deploy.secrets, local.written))}."
    }
  }
}

# Invalid references and unused secrets are a warning.
check "deploy_yaml" {
  assert {
    condition     = length(local.deploy.problems) == 0
    error_message = "deploy.yaml: ${join("; ", local.deploy.problems)}."
  }
  assert {
    condition     = local.deploy.dynamic || length(setsubtract(local.written, local.deploy.secrets)) == 0
    error_message = "deploy.yaml does not use ${join(", ", setsubtract(local.written, local.deploy.secrets))}."
  }
}
