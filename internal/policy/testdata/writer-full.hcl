# Writer of every workflow: create, overwrite, delete, undelete, destroy and list secrets; read no value.
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/+/+" { capabilities = ["update"] }
path "customers/destroy/workflows/+/+"  { capabilities = ["update"] }
