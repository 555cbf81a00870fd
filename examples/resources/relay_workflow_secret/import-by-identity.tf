# mount and prefix are the provider's, unless they are given here, too.
import {
  to = relay_workflow_secret.registry_password
  identity = {
    workflow = "deploy-production"
    name     = "registry-password"
  }
}
