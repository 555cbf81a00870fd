variable "registry_password" {
  type      = string
  ephemeral = true # neither in the state nor in the plan
}

resource "relay_workflow_secret" "registry_password" {
  workflow = "deploy-production"
  name     = "registry-password"

  value_wo         = var.registry_password
  value_wo_version = "2026-11-22" # change it to send a new value
}

variable "signing_key" {
  type      = string
  ephemeral = true
}

# A secret whose drift stops the plan, with labels and only two versions in Vault.
resource "relay_workflow_secret" "signing_key" {
  workflow = "deploy-production"
  name     = "signing-key"

  value_wo         = var.signing_key
  value_wo_version = "key-7"
  on_drift         = "error"
  deletion         = "purge"

  custom_metadata = { contact = "release-team" }
  max_versions    = 2
}
