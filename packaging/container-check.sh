#!/usr/bin/env bash
# Runs what examples/relay-sync/container/Containerfile puts together, without a builder of images: relay-sync in a
# Debian with git and CA certificates, as uid 65532 without an entry in passwd, without capabilities, on a
# read-only root file system, with the command of the Containerfile and the volumes of ../kubernetes.
#
# It needs root, debootstrap, systemd-nspawn, and relay-sync, devvault, sops and age-keygen in bin/.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/world.sh

container=
cleanup() {
  test -z "$container" || { kill "$container" 2>/dev/null || true; wait "$container" 2>/dev/null || true; }
  stop_world
}
trap cleanup EXIT
failed() { echo "container-check: failed: $1" >&2; tail -n 20 "$work/log" >&2 || true; exit 1; }

needs container-check debootstrap systemd-nspawn
containerfile=examples/relay-sync/container/Containerfile
packages=$(sed -n 's/.*apt-get install --yes --no-install-recommends \([a-z -]*[a-z]\) *\\*$/\1/p' "$containerfile" | tr -s ' ' ',')
test "$packages" = ca-certificates,git || failed "the packages of the Containerfile: $packages"
debian bookworm container "$packages"
install bin/relay-sync "$root/usr/local/bin/relay-sync"
user=$(sed -n 's/^USER \([0-9]*\):.*/\1/p' "$containerfile")
mapfile -t command < <(sed -n 's/^\(ENTRYPOINT\|CMD\) \[\(.*\)\]$/\2/p' "$containerfile" | tr -d '"' | tr -s ', ' '\n')

start_vault
volumes=$work/volumes
mkdir -p "$volumes"/{config,keys,state,tmp}
repository "$volumes/keys"
mkdir -p "$root/etc/relay-sync" "$root/run/secrets/relay-sync" "$root/var/lib/relay-sync"
{
  printf 'controller: cluster-1\naudit: "-"\nlisten: 127.0.0.1:9460\nsocket: /tmp/relay-sync.sock\nmirrors: /var/lib/relay-sync/mirrors\n'
  configuration /run/secrets/relay-sync
} >"$volumes/config/relay-sync.yaml"
chown -R "$user:$user" "$volumes"

# relay-sync is process 1, as in a container of Kubernetes.
nspawn() {
  exec systemd-nspawn --quiet --directory "$root" --read-only --register=no --keep-unit --console=pipe --private-users=no \
    --bind-ro="$volumes/config:/etc/relay-sync" --bind-ro="$volumes/keys:/run/secrets/relay-sync" \
    --bind="$volumes/state:/var/lib/relay-sync" --bind="$volumes/tmp:/tmp" \
    setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all --reset-env "$@"
}
(nspawn sh -c 'id -u; ! touch /x 2>/dev/null && test -s /etc/ssl/certs/ca-certificates.crt && git --version') </dev/null >"$work/seen" 2>"$work/log" || failed "the container"
step "a container of $(sed -n 's/^PRETTY_NAME=//p' "$root/etc/os-release") as uid $(tr '\n' ' ' <"$work/seen")read-only"

nspawn "${command[@]}" </dev/null >"$work/audit" 2>"$work/log" &
container=$!
in_sync() { curl --silent --fail http://127.0.0.1:9460/readyz && grep -q '"registry_password"' "$work/audit"; }
until_true in_sync || failed "the daemon applies no commit"
step "${command[*]}: applied the commit, $(wc -l <"$work/audit") lines in the audit file"
change two
second() { test "$(grep -c '"registry_password"' "$work/audit")" -ge 4; }
until_true second || failed "the daemon applies no second commit"
step "applied the second commit"
kill "$(pgrep --parent "$container")"
wait "$container" || failed "the exit code after SIGTERM is $?"
container=
step "stopped by SIGTERM, exit code 0"
