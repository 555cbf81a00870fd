# All values of a workflow in one SOPS file, secrets.json, with names in clear:
#
#   sops edit secrets.json
#   export TF_VAR_values="$(sops decrypt --extract '["secrets"]' --output-type json secrets.json)"
#   terraform apply
#
# The version of a value is the hash of its ciphertext, so you keep no versions: sops encrypts again
# only what changed. (sops rotate encrypts everything again: the next apply then sends every value.)
#
# The variable has no default: a repair of drift sends what the configuration has, and must not send a default. Without
# values Terraform stops before it sends anything. A plan sends no value, so a job without a key can plan with any text:
#
#   TF_VAR_values="$(jq .secrets secrets.json)" terraform plan
#
# With a provider that reads the values itself, use an ephemeral resource in place of the variable, such as
# ephemeral.sops_file.secrets.data, or the item of a password manager. Terraform stores neither.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
  }
}

provider "relay" {
  owner = "shop-values"
}

variable "values" {
  type        = map(string)
  ephemeral   = true
  description = "Decrypted values, by name."
}

locals {
  sealed = jsondecode(file("${path.module}/secrets.json")).secrets
}

resource "relay_workflow_secrets" "deploy" {
  workflow = "deploy-values"

  secrets = {
    for name, ciphertext in local.sealed : name => {
      value_wo         = var.values[name]
      value_wo_version = sha256(ciphertext)
    }
  }
}
