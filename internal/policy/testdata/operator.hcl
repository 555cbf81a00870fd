# Operator of every workflow: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/delete/workflows/+/+"   { capabilities = ["update"] }
path "customers/metadata/workflows/"    { capabilities = ["list"] }

# Operator of connections of domain relay: see names, versions and owners; read no value, write nothing.
path "customers/metadata/connections/relay/+/+" { capabilities = ["read"] }
path "customers/metadata/connections/relay/"    { capabilities = ["list"] }
path "customers/metadata/connections/relay/+/"  { capabilities = ["list"] }
