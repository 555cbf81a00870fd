# mount and prefix are optional; their defaults are the provider's.
import {
  to = relay_workflow_secret.registry_password
  identity = {
    workflow = "deploy-production"
    name     = "registry-password"
  }
}
