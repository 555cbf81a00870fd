# An AppRole. The secret id comes from a variable, for example TF_VAR_secret_id.
variable "secret_id" {
  type      = string
  ephemeral = true
}

provider "relay" {
  owner = "shop-prod"
  auth = {
    approle = {
      role_id   = "f2a4a4d2-0b3f-7a6e-3d6a-6f3d0e5b7c11"
      secret_id = var.secret_id
    }
  }
}
