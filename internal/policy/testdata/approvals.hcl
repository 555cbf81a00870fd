# Administrator of workflow deploy-production: create, overwrite, delete, undelete, destroy, configure, remove and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["create", "read", "patch", "delete"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/deploy-production/+" { capabilities = ["update"] }
path "customers/destroy/workflows/deploy-production/+"  { capabilities = ["update"] }

# Administrator of the approvals of every controller: list, read and remove, but give none.
path "customers/metadata/relay-sync/+/+/+" { capabilities = ["read", "delete"] }
path "customers/metadata/relay-sync/"      { capabilities = ["list"] }
path "customers/metadata/relay-sync/+/"    { capabilities = ["list"] }
path "customers/metadata/relay-sync/+/+/"  { capabilities = ["list"] }
