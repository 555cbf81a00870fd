# Viewer of every workflow: see names, versions and owners; read no value, write nothing.
path "customers/metadata/workflows/+/+" { capabilities = ["read"] }
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }
path "customers/metadata/workflows/"    { capabilities = ["list"] }
