# Controller of workflow deploy-production: create, overwrite, delete, undelete and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/deploy-production/+" { capabilities = ["update"] }

# Controller, approvals of source shop of controller cluster-1: list, read and remove.
path "customers/metadata/relay-sync/cluster-1/shop/+" { capabilities = ["read", "patch"] }
path "customers/metadata/relay-sync/cluster-1/shop/"  { capabilities = ["list"] }
