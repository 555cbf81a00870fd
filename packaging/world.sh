# shellcheck shell=bash
#
# Sourced by the checks of this folder: a Debian, a Vault of this machine, and a repository with one secret.
# It sets $work, a folder that is removed at the end, $root for the copy of a Debian, $address and $token.

# needs CHECK PROGRAM... exits unless this user is root and has the programs.
needs() {
  local check=$1 program
  shift
  test "$(id -u)" = 0 || { echo "$check: must run as root, for debootstrap and systemd-nspawn" >&2; exit 1; }
  for program; do
    command -v "$program" >/dev/null || { echo "$check: $program: not found; apt-get install debootstrap systemd-container util-linux" >&2; exit 1; }
  done
}

# debian SUITE NAME PACKAGES builds a Debian in bin/_NAME, once, and copies it to $root. Go ignores the
# programs in a folder that begins with _.
debian() {
  local base=bin/_$2
  if ! test -e "$base/.complete"; then
    echo "building a Debian in $base (some minutes the first time) ..."
    rm -rf "$base"
    debootstrap --variant=minbase --include="$3" "$1" "$base" >bin/debootstrap.log || { tail -n 5 bin/debootstrap.log >&2; exit 1; }
    touch "$base/.complete"
  fi
  cp -a --reflink=auto "$base" "$root"
}

work=$(mktemp -d)
root=$work/root
vault=
stop_world() {
  test -z "$vault" || { kill "$vault" 2>/dev/null || true; wait "$vault" 2>/dev/null || true; }
  rm -rf "$work"
}
step() { echo "ok: $1"; }
until_true() { for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done; return 1; }

# start_vault starts a Vault, whose network a container shares.
start_vault() {
  local announcement
  mkfifo "$work/announcement"
  bin/devvault -prepare >"$work/announcement" &
  vault=$!
  read -r announcement <"$work/announcement"
  address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' <<<"$announcement")
  token=$(sed -n 's/.*"root_token":"\([^"]*\)".*/\1/p' <<<"$announcement")
  test -n "$address" && test -n "$token" || { echo "devvault announces no address" >&2; exit 1; }
}

# repository KEYS makes the repository in $root/srv/git/platform with one secret, and the age key and the token in the folder KEYS.
repository() {
  repository=$root/srv/git/platform
  export SOPS_AGE_KEY_FILE=$1/platform.age
  bin/age-keygen -o "$SOPS_AGE_KEY_FILE" 2>/dev/null
  (umask 077 && printf '%s\n' "$token" >"$1/secret-id")
  mkdir -p "$repository/secrets"
  printf 'workflows:\n  deploy-production:\n    registry_password: one\n' >"$repository/secrets/deploy.yaml"
  bin/sops encrypt --age "$(bin/age-keygen -y "$SOPS_AGE_KEY_FILE")" --in-place "$repository/secrets/deploy.yaml"
  git init --quiet --initial-branch main "$repository"
  commit one
}

commit() {
  git -C "$repository" add .
  git -C "$repository" -c user.name=ada -c user.email=ada@example.com commit --quiet --message "$1"
}

# change VALUE commits another value.
change() {
  bin/sops set "$repository/secrets/deploy.yaml" '["workflows"]["deploy-production"]["registry_password"]' "\"$1\""
  commit "$1"
}

# configuration KEYS prints the configuration of the repository, with the paths that the program sees.
configuration() {
  cat <<CONFIG
vault:
  address: $address
  token_file: $1/secret-id
sources:
  - name: platform
    repository: /srv/git/platform
    branch: main
    files: ["secrets/**/*.yaml"]
    workflows: [deploy-production]
    age_keys: [$1/platform.age]
    drift_interval: 5s
CONFIG
}
