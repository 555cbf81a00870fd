# Writer of workflow deploy-production: create, overwrite, delete, destroy and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }
path "customers/destroy/workflows/deploy-production/+"  { capabilities = ["update"] }

# Writer of workflow nightly-report: create, overwrite, delete, destroy and list secrets; read no value.
path "customers/data/workflows/nightly-report/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/nightly-report/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/nightly-report/"  { capabilities = ["list"] }
path "customers/delete/workflows/nightly-report/+"   { capabilities = ["update"] }
path "customers/destroy/workflows/nightly-report/+"  { capabilities = ["update"] }
