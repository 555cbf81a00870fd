# Approver of workflow deploy-production: see names, versions and owners; read no value, write nothing.
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
