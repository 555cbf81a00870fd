# The workload identity of HCP Terraform: set TFC_WORKLOAD_IDENTITY_AUDIENCE in the
# workspace, and configure the role in Vault to accept its tokens.
provider "relay" {
  owner = "shop-prod"
  auth = {
    jwt = {
      role      = "shop-prod"
      token_env = "TFC_WORKLOAD_IDENTITY_TOKEN"
    }
  }
}
