# Writer of every workflow: create, overwrite, delete, undelete, destroy, configure and list secrets; read no value.
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["create", "read", "patch"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/+/+" { capabilities = ["update"] }
path "customers/destroy/workflows/+/+"  { capabilities = ["update"] }

# Writer of connections of domain relay: create, overwrite, delete, undelete, destroy and list connections; read no value.
path "customers/data/connections/relay/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/connections/relay/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/connections/relay/"    { capabilities = ["list"] }
path "customers/metadata/connections/relay/+/"  { capabilities = ["list"] }
path "customers/delete/connections/relay/+/+"   { capabilities = ["update"] }
path "customers/undelete/connections/relay/+/+" { capabilities = ["update"] }
path "customers/destroy/connections/relay/+/+"  { capabilities = ["update"] }
