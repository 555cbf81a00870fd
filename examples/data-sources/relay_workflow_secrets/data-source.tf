data "relay_workflow_secrets" "deploy" {
  workflow = "deploy-production"
}

# The owner of each secret, and the time of its last write.
output "owners" {
  value = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => {
      owner = secret.owner
      since = secret.created_time
      drift = secret.drift
    } if !secret.deleted
  }
}

# Every plan warns of drift, for secrets of every owner.
check "no_drift" {
  assert {
    condition = alltrue([
      for secret in data.relay_workflow_secrets.deploy.secrets : contains(["in sync", "absent"], secret.drift)
    ])
    error_message = "Drift: ${join(", ", [
      for name, secret in data.relay_workflow_secrets.deploy.secrets :
      "${name} (${secret.drift})" if !contains(["in sync", "absent"], secret.drift)
    ])}"
  }
}
