# HCP Terraform's workload identity: set TFC_WORKLOAD_IDENTITY_AUDIENCE in the
# workspace, and let the role in Vault accept its tokens.
provider "relay" {
  owner = "shop-prod"
  auth = {
    jwt = {
      role      = "shop-prod"
      token_env = "TFC_WORKLOAD_IDENTITY_TOKEN"
    }
  }
}
