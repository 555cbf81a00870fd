terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

# Address and token come from VAULT_ADDR and VAULT_TOKEN.
provider "relay" {
  owner  = "shop-prod"
  domain = "shop" # for relay_connection only
}
