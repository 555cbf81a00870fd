#!/usr/bin/env bash
# Verifies the manifests of a commit, without a key and without Vault.
#   FILES  a folder or a pattern of git; several are separated by spaces
set -euo pipefail

read -r -a patterns <<<"$FILES"
# A branch chooses the names of its files: none may be read as an option, or as two names.
git ls-files -z -- "${patterns[@]}" | xargs -0 sh -c 'test $# = 0 || relay-sync verify -- "$@"' verify
