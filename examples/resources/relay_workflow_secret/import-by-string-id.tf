# The id is workflow/name.
import {
  to = relay_workflow_secret.registry_password
  id = "deploy-production/registry-password"
}
