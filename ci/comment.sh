#!/usr/bin/env bash
# Writes the plan as a comment of the pull request, or over the former one.
#   PLAN          the file with the plan
#   PULL_REQUEST  the number of the pull request
#   GH_TOKEN      a token with the permission pull-requests: write
set -euo pipefail

[[ $PULL_REQUEST =~ ^[0-9]+$ ]] || { echo "no pull request, so no comment" >&2; exit 0; }
marker='<!-- relay-sync plan -->'
body=$(mktemp)
trap 'rm -f "$body"' EXIT
# GitHub accepts 65536 characters. The summary of the job has no such limit.
if test "$(wc -c <"$PLAN")" -lt 65000; then
  { echo "$marker"; cat "$PLAN"; } >"$body"
else
  printf '%s\nThe plan is too long for a comment. See the summary of the job: %s\n' "$marker" \
    "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" >"$body"
fi
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
# Only a comment of a bot: a person may begin a comment with the same marker.
former=$(gh api --paginate "$comments" --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | sed -n 1p)
if test -n "$former"; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$former" --field "body=@$body"
else
  gh api --silent --method POST "$comments" --field "body=@$body"
fi
