#!/usr/bin/env bash
# Writes the changes in Vault that a commit would make, without a key: the token reads only metadata.
#   CONFIG      the configuration of relay-sync
#   BRANCH      the branch that the configuration names
#   TOKEN_FILE  the file that vault.login.jwt in the configuration names
#   ID_TOKEN    the identity token of the job
#   PLAN        the file to which the plan is written, as Markdown
set -euo pipefail

# The plan reads the branch, so the branch must contain this change.
git switch --quiet --force-create "$BRANCH"
# The commit may contain this file, also as a link to another one.
rm -rf -- "$TOKEN_FILE"
(umask 077 && printf '%s\n' "$ID_TOKEN" >"$TOKEN_FILE")
code=0
relay-sync plan --config "$CONFIG" --keyless --output markdown >"$PLAN" || code=$?
rm -f -- "$TOKEN_FILE"
test "$code" = 0 || test "$code" = 2
