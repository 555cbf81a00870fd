# The steps of one workflow: read and list what is below it, write nothing.
# devvault puts the workflow's name in the place of WORKFLOW.

path "customers/data/workflows/WORKFLOW/*"     { capabilities = ["read"] }
path "customers/metadata/workflows/WORKFLOW/*" { capabilities = ["list"] }
