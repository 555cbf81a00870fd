# The id is the workflow. The import stores only this name; the first apply writes the values.
terraform import relay_workflow_secrets.deploy_production deploy-production
