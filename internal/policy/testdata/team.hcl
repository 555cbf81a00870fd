# Operator of workflow deploy-production: create, overwrite, delete, undelete and list secrets; read no value.
path "customers/data/workflows/deploy-production/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/deploy-production/+" { capabilities = ["read", "patch"] }
path "customers/metadata/workflows/deploy-production/"  { capabilities = ["list"] }
path "customers/delete/workflows/deploy-production/+"   { capabilities = ["update"] }
path "customers/undelete/workflows/deploy-production/+" { capabilities = ["update"] }

# Member of team shop: act for it. Nothing is written at this path.
path "customers/metadata/relay-sync/teams/shop" { capabilities = ["patch"] }
