# The writing side of workflow secrets. Blind: nothing here opens a value, in
# any version. One rule a line, so that tests can take a single one away.

path "customers/data/workflows/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/workflows/+/+" { capabilities = ["read", "patch"] }

# The trailing slash matters: it is what lists the names of one workflow.
path "customers/metadata/workflows/+/"  { capabilities = ["list"] }

path "customers/delete/workflows/+/+"   { capabilities = ["update"] }

# Only where wanted: bringing soft-deleted versions back, and erasing for good.
path "customers/undelete/workflows/+/+" { capabilities = ["update"] }
path "customers/destroy/workflows/+/+"  { capabilities = ["update"] }
