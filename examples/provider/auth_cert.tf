# A client certificate. VAULT_CLIENT_CERT and VAULT_CLIENT_KEY can set its files, too.
provider "relay" {
  owner            = "shop-prod"
  client_cert_file = "/etc/terraform/client.pem"
  client_key_file  = "/etc/terraform/client-key.pem"
  auth = {
    cert = {}
  }
}
