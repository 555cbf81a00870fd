# For a configuration that manages the secrets of two workflows, can purge them, and
# manages the connections of a domain.
data "relay_vault_policy_document" "writer" {
  role               = "writer"
  workflows          = ["deploy-production", "nightly-report"]
  connections_domain = "shop"
  destroy            = true
}

# For people who add secrets by hand and list connections.
data "relay_vault_policy_document" "operator" {
  role               = "operator"
  workflow_prefixes  = ["deploy-"]
  connections_domain = "shop"
}

# For the steps of one workflow.
data "relay_vault_policy_document" "reader" {
  role               = "reader"
  workflows          = ["deploy-production"]
  connections_domain = "shop"
}

# terraform output -json policies | jq -r '."shop-writer"' | vault policy write shop-writer -
output "policies" {
  value = {
    shop-writer       = data.relay_vault_policy_document.writer.policy
    deploy-operators  = data.relay_vault_policy_document.operator.policy
    deploy-production = data.relay_vault_policy_document.reader.policy
  }
}
