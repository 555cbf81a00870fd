# How the steps of a workflow log in: the policy of its reader, and a role for jobs of
# GitHub Actions and of GitLab, for pods, and for machines by AppRole. The policy comes from
# the relay provider, which sends no requests here, and so has no provider block. HashiCorp's
# Vault provider creates everything with an administrator's token in VAULT_TOKEN.
terraform {
  required_version = ">= 1.11"
  required_providers {
    relay = {
      source = "relay-secrets/relay"
    }
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.7"
    }
  }
}

variable "workflow" {
  type    = string
  default = "deploy-production"
}

# What the steps name as the audience of their token.
variable "audience" {
  type    = string
  default = "https://vault.example.com"
}

variable "github" {
  type = object({
    issuer      = optional(string, "https://token.actions.githubusercontent.com")
    repository  = string
    branch      = string
    environment = string
  })
  default = { repository = "acme/shop", branch = "main", environment = "production" }
}

variable "gitlab" {
  type = object({
    issuer      = optional(string, "https://gitlab.com")
    project     = string
    branch      = string
    environment = string
  })
  default = { project = "acme/shop", branch = "main", environment = "production" }
}

# Vault in the same cluster reviews tokens with its own service account. Another Vault needs
# host, ca_cert and the token of a reviewer, which is sent when reviewer_version changes.
variable "kubernetes" {
  type = object({
    host             = optional(string, "https://kubernetes.default.svc")
    namespace        = string
    service_account  = string
    ca_cert          = optional(string)
    reviewer_version = optional(number)
  })
  default = { namespace = "prod", service_account = "deploy" }
}

variable "kubernetes_reviewer_jwt" {
  type      = string
  ephemeral = true
  default   = null
}

data "relay_vault_policy_document" "reader" {
  role      = "reader"
  workflows = [var.workflow]
}

resource "vault_policy" "reader" {
  name   = "${var.workflow}-reader"
  policy = data.relay_vault_policy_document.reader.policy
}

locals {
  # The token of a step: it cannot be renewed, and costs Vault no storage.
  token_ttl = 20 * 60
}

# GitHub Actions

resource "vault_jwt_auth_backend" "github" {
  path               = "github"
  oidc_discovery_url = var.github.issuer
  bound_issuer       = var.github.issuer
}

resource "vault_jwt_auth_backend_role" "github" {
  backend         = vault_jwt_auth_backend.github.path
  role_name       = var.workflow
  role_type       = "jwt"
  bound_audiences = [var.audience]
  user_claim      = "repository"
  bound_claims = {
    repository  = var.github.repository
    ref         = "refs/heads/${var.github.branch}"
    environment = var.github.environment
    event_name  = "push,workflow_dispatch" # one of them
  }
  token_policies = [vault_policy.reader.name]
  token_type     = "batch"
  token_ttl      = local.token_ttl
}

# GitLab

resource "vault_jwt_auth_backend" "gitlab" {
  path               = "gitlab"
  oidc_discovery_url = var.gitlab.issuer
  bound_issuer       = var.gitlab.issuer
}

resource "vault_jwt_auth_backend_role" "gitlab" {
  backend         = vault_jwt_auth_backend.gitlab.path
  role_name       = var.workflow
  role_type       = "jwt"
  bound_audiences = [var.audience]
  user_claim      = "project_path"
  bound_claims = {
    project_path          = var.gitlab.project
    ref                   = var.gitlab.branch
    ref_type              = "branch"
    ref_protected         = "true"
    environment           = var.gitlab.environment
    environment_protected = "true"
  }
  token_policies = [vault_policy.reader.name]
  token_type     = "batch"
  token_ttl      = local.token_ttl
}

# Kubernetes

resource "vault_auth_backend" "kubernetes" {
  type = "kubernetes"
  path = "kubernetes"
}

resource "vault_kubernetes_auth_backend_config" "kubernetes" {
  backend                       = vault_auth_backend.kubernetes.path
  kubernetes_host               = var.kubernetes.host
  kubernetes_ca_cert            = var.kubernetes.ca_cert
  token_reviewer_jwt_wo         = var.kubernetes_reviewer_jwt
  token_reviewer_jwt_wo_version = var.kubernetes.reviewer_version
}

resource "vault_kubernetes_auth_backend_role" "kubernetes" {
  backend                          = vault_auth_backend.kubernetes.path
  role_name                        = var.workflow
  bound_service_account_names      = [var.kubernetes.service_account]
  bound_service_account_namespaces = [var.kubernetes.namespace]
  audience                         = "vault"
  token_policies                   = [vault_policy.reader.name]
  token_type                       = "batch"
  token_ttl                        = local.token_ttl
}

# AppRole, for machines without an identity. Create a secret id by hand or by a program:
# one that Terraform creates is in its state.

resource "vault_auth_backend" "approle" {
  type = "approle"
  path = "approle"
}

resource "vault_approle_auth_backend_role" "step" {
  backend        = vault_auth_backend.approle.path
  role_name      = var.workflow
  token_policies = [vault_policy.reader.name]
  token_type     = "batch"
  token_ttl      = local.token_ttl
  secret_id_ttl  = 24 * 60 * 60
}
