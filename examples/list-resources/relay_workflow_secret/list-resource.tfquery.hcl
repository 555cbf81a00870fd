# terraform query -generate-config-out=found.tf
list "relay_workflow_secret" "found" {
  provider = relay

  config {
    workflow = "deploy-production"
  }
}
