#!/usr/bin/env bash
# Prints the identity token of a job of GitHub Actions. The job needs the permission id-token: write.
#   AUDIENCE  the audience that the role in Vault expects
set -euo pipefail

test -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" || { echo "no identity token: the job needs permissions: {id-token: write}" >&2; exit 1; }
# The token of the request is not an argument: every process of the runner can list arguments.
curl --silent --show-error --fail --get --data-urlencode "audience=$AUDIENCE" --header @- "$ACTIONS_ID_TOKEN_REQUEST_URL" \
  <<<"Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" | jq --raw-output --exit-status .value
