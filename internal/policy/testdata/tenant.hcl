# Reader of the workflow of the login: read values and list names, write nothing.
# Vault replaces the braces before it looks for + and *:
# the issuer of tenant_id must reject names that contain either.
path "customers/data/workflows/{{identity.entity.aliases.auth_jwt_1a2b.metadata.tenant_id}}/*"     { capabilities = ["read"] }
path "customers/metadata/workflows/{{identity.entity.aliases.auth_jwt_1a2b.metadata.tenant_id}}/*" { capabilities = ["list"] }

# Reader of connections of the domain of the login: read values and list names, write nothing.
path "customers/data/connections/{{identity.entity.aliases.auth_jwt_1a2b.metadata.domain_id}}/*"     { capabilities = ["read"] }
path "customers/metadata/connections/{{identity.entity.aliases.auth_jwt_1a2b.metadata.domain_id}}/*" { capabilities = ["list"] }
