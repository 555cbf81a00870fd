# For a configuration that manages the secrets of two workflows and may purge.
data "relay_vault_policy_document" "writer" {
  role      = "writer"
  workflows = ["deploy-production", "nightly-report"]
  destroy   = true
}

# For the steps of one of them.
data "relay_vault_policy_document" "reader" {
  role      = "reader"
  workflows = ["deploy-production"]
}

# terraform output -raw writer_policy | vault policy write shop-writer -
output "writer_policy" {
  value = data.relay_vault_policy_document.writer.policy
}

output "reader_policy" {
  value = data.relay_vault_policy_document.reader.policy
}
