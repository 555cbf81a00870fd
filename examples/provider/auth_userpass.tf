# A user name and a password. Terraform prompts for the password.
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
