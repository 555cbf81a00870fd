# The Vault policies of a team: one to write the secrets of its workflows, and one
# for the steps of each workflow. An administrator applies this and writes the policies:
#
#   tofu output -raw writer | vault policy write shop-writer -
#   tofu output -json readers | jq -r '.["deploy-shop"]' | vault policy write deploy-shop -
#
# or uses vault_policy of the Vault provider. This configuration sends no requests to
# Vault, so it has no provider block.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

variable "workflows" {
  type    = set(string)
  default = ["build-shop", "deploy-shop"]
}

data "relay_vault_policy_document" "writer" {
  role      = "writer"
  workflows = var.workflows
  settings  = true # for secrets that expire
}

data "relay_vault_policy_document" "reader" {
  for_each  = var.workflows
  role      = "reader"
  workflows = [each.key]
}

output "writer" {
  value = data.relay_vault_policy_document.writer.policy
}

output "readers" {
  value = { for name, document in data.relay_vault_policy_document.reader : name => document.policy }
}
