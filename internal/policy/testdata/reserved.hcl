# Approver of workflow deploy-production: see names, versions and owners; read no value, write nothing.
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }

# Approver of every source of controller cluster-1: approve planned changes, as the person of the token.
path "customers/metadata/relay-sync/cluster-1/+/{{identity.entity.id}}" { capabilities = ["create", "read", "patch"] }
