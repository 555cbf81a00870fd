# A user name and a password, which Terraform asks for.
variable "password" {
  type      = string
  ephemeral = true
}

provider "relay" {
  owner = "shop-prod"
  auth = {
    userpass = {
      username = "ada"
      password = var.password
    }
  }
}
