# The id is the workflow. The import reads the metadata of the secrets of this owner.
terraform import relay_workflow_secrets.deploy_production deploy-production
