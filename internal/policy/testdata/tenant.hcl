# Reader of the workflow of who logs in: read values and list names; write nothing.
# Vault fills in the braces and only then looks for + and *:
# what issues tenant_id must refuse names that hold either.
path "customers/data/workflows/{{identity.entity.aliases.auth_jwt_1a2b.metadata.tenant_id}}/+"    { capabilities = ["read"] }
path "customers/metadata/workflows/{{identity.entity.aliases.auth_jwt_1a2b.metadata.tenant_id}}/" { capabilities = ["list"] }

# Reader of connections of the domain of who logs in: read values and list names; write nothing.
path "customers/data/connections/{{identity.entity.aliases.auth_jwt_1a2b.metadata.domain_id}}/+/+"    { capabilities = ["read"] }
path "customers/metadata/connections/{{identity.entity.aliases.auth_jwt_1a2b.metadata.domain_id}}/"   { capabilities = ["list"] }
path "customers/metadata/connections/{{identity.entity.aliases.auth_jwt_1a2b.metadata.domain_id}}/+/" { capabilities = ["list"] }
