variable "aws_secret_access_key" {
  type      = string
  ephemeral = true
}

resource "relay_connection" "aws" {
  type = "aws"
  name = "production"
  fields_wo = {
    accessKeyID     = "AKIAIOSFODNN7EXAMPLE"
    secretAccessKey = var.aws_secret_access_key
  }
  fields_wo_version = "1"
}
