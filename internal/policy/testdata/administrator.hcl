# Administrator of workflow deploy-production: create, overwrite, delete, undelete, destroy, configure, remove and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["create", "read", "patch", "delete"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/deploy-production/+" { capabilities = ["update"] }
path "customers/destroy/workflows/deploy-production/+"  { capabilities = ["update"] }

# Administrator of connections of domain relay: create, overwrite, delete, undelete, destroy, configure, remove and list connections; read no value.
path "customers/data/connections/relay/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/connections/relay/+/+" { capabilities = ["create", "read", "patch", "delete"] }
path "customers/metadata/connections/relay/"    { capabilities = ["list"] }
path "customers/metadata/connections/relay/+/"  { capabilities = ["list"] }
path "customers/delete/connections/relay/+/+"   { capabilities = ["update"] }
path "customers/undelete/connections/relay/+/+" { capabilities = ["update"] }
path "customers/destroy/connections/relay/+/+"  { capabilities = ["update"] }
