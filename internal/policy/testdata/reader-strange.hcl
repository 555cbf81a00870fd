# Reader of workflow _-: read values and list names, write nothing.
path "team/kv/data/a/b/_-/*"     { capabilities = ["read"] }
path "team/kv/metadata/a/b/_-/*" { capabilities = ["list"] }

# Reader of workflow b. c: read values and list names, write nothing.
path "team/kv/data/a/b/b. c/*"     { capabilities = ["read"] }
path "team/kv/metadata/a/b/b. c/*" { capabilities = ["list"] }

# Reader of workflow é@x: read values and list names, write nothing.
path "team/kv/data/a/b/é@x/*"     { capabilities = ["read"] }
path "team/kv/metadata/a/b/é@x/*" { capabilities = ["list"] }
