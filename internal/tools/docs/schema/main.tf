# Asks for the provider's schema under the address that tfplugindocs looks for.
terraform {
  required_providers {
    relay = {
      source = "registry.terraform.io/hashicorp/relay"
    }
  }
}
