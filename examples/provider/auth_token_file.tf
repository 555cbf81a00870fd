# A token that another program renews, such as Vault Agent.
provider "relay" {
  owner = "shop-prod"
  auth = {
    token_file = "/run/vault/token"
  }
}
