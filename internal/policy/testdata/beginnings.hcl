# Approver of workflow nightly: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/nightly/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/nightly/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/nightly/"  { capabilities = ["list"] }
path "customers/delete/workflows/nightly/+"   { capabilities = ["update"] }

# Approver of every workflow that begins with build.: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/build.*"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/build.*" { capabilities = ["read", "patch", "list"] }
path "customers/delete/workflows/build.*"   { capabilities = ["update"] }

# Approver of every workflow that begins with deploy-: create, overwrite, delete and list secrets; read no value.
path "customers/data/workflows/deploy-*"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-*" { capabilities = ["read", "patch", "list"] }
path "customers/delete/workflows/deploy-*"   { capabilities = ["update"] }

# Approver of every source of controller cluster-1: approve planned changes, as the person of the token.
path "customers/metadata/relay-sync/cluster-1/+/{{identity.entity.id}}" { capabilities = ["create", "read", "patch"] }
