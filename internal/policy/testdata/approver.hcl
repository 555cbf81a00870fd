# Approver of workflow deploy-production: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }

# Approver of source platform of controller cluster-1: approve planned changes, as the person of the token.
path "customers/metadata/relay-sync/cluster-1/platform/{{identity.entity.id}}" { capabilities = ["create", "read", "patch"] }

# Approver of source shop of controller cluster-1: approve planned changes, as the person of the token.
path "customers/metadata/relay-sync/cluster-1/shop/{{identity.entity.id}}" { capabilities = ["create", "read", "patch"] }
