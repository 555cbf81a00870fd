data "relay_workflow_secrets" "deploy" {
  workflow = "deploy-production"
}

# Who holds what, and since when.
output "holders" {
  value = {
    for name, secret in data.relay_workflow_secrets.deploy.secrets : name => {
      owner = secret.owner
      since = secret.created_time
      drift = secret.drift
    } if !secret.deleted
  }
}

# Every plan says what was changed by hand, whoever manages it.
check "nothing_drifted" {
  assert {
    condition = alltrue([
      for secret in data.relay_workflow_secrets.deploy.secrets : contains(["in sync", "absent"], secret.drift)
    ])
    error_message = "Changed by hand: ${join(", ", [
      for name, secret in data.relay_workflow_secrets.deploy.secrets :
      "${name} (${secret.drift})" if !contains(["in sync", "absent"], secret.drift)
    ])}"
  }
}
