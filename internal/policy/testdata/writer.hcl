# Writer of every workflow: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }
