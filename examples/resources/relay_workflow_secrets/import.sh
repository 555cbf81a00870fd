# The id is the workflow. What this owner holds there is imported, metadata only.
terraform import relay_workflow_secrets.deploy_production deploy-production
