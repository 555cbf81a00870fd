# Controller of every workflow: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }

# Controller, approvals of every source of controller cluster-1: list, read and remove.
path "customers/metadata/relay-sync/cluster-1/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/relay-sync/cluster-1/+/"  { capabilities = ["list"] }
