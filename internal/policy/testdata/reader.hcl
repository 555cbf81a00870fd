# Reader of workflow deploy-production: read values and list names, write nothing.
path "customers/data/workflows/deploy-production/*"     { capabilities = ["read"] }
path "customers/metadata/workflows/deploy-production/*" { capabilities = ["list"] }
