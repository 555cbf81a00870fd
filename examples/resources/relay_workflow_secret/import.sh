# The id is workflow/name. Only metadata is imported. Where this configuration's
# own record says what it wrote, value_wo_version is all that the next plan adds.
terraform import relay_workflow_secret.registry_password deploy-production/registry-password
