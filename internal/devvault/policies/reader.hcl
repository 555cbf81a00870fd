# The steps of one workflow: read its values and list its names, write nothing.
# devvault puts the workflow's name in the place of WORKFLOW.

path "customers/data/workflows/WORKFLOW/+"    { capabilities = ["read"] }
path "customers/metadata/workflows/WORKFLOW/" { capabilities = ["list"] }
