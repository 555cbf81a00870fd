#!/usr/bin/env bash
# Installs a deb of relay-sync in a Debian with systemd, and shows that its service starts, applies a
# commit to a Vault, reloads, stops, and that man pages, completions and the rotation of its audit file work.
#
# It needs root, debootstrap, systemd-nspawn, and devvault, sops and age-keygen in bin/. It builds the
# Debian in bin/_debian, once, and works in a copy: Go ignores the programs in a folder that begins with _.
# nspawn does not enforce MemoryMax and IPAddressDeny.
set -euo pipefail
cd "$(dirname "$0")/.."

deb=$(realpath "$1")
test "$(id -u)" = 0 || { echo "package-check: must run as root, for debootstrap and systemd-nspawn" >&2; exit 1; }
for program in debootstrap systemd-nspawn nsenter; do
  command -v "$program" >/dev/null || { echo "package-check: $program: not found; apt-get install debootstrap systemd-container util-linux" >&2; exit 1; }
done

if ! test -e bin/_debian/.complete; then
  echo "building a Debian in bin/_debian (some minutes the first time) ..."
  rm -rf bin/_debian
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,git,procps,man-db,logrotate,bash-completion,ca-certificates \
    trixie bin/_debian >bin/debootstrap.log
  touch bin/_debian/.complete
fi

work=$(mktemp -d)
machine=
vault=
cleanup() {
  test -z "$machine" || { kill -s RTMIN+4 "$machine" 2>/dev/null || true; wait "$nspawn" 2>/dev/null || true; }
  test -z "$vault" || { kill "$vault" 2>/dev/null || true; wait "$vault" 2>/dev/null || true; }
  rm -rf "$work"
}
trap cleanup EXIT
failed() { echo "package-check: failed: $1" >&2; inside journalctl --no-pager -n 30 -u relay-sync >&2 || true; exit 1; }
step() { echo "ok: $1"; }

root=$work/root
cp -a --reflink=auto bin/_debian "$root"
cp "$deb" "$root/root/relay-sync.deb"

# A Vault on this machine, whose network the container has.
mkfifo "$work/announcement"
bin/devvault -prepare >"$work/announcement" &
vault=$!
read -r announcement <"$work/announcement"
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$announcement"; }
address=$(field address)
token=$(field root_token)
test -n "$address" && test -n "$token" || { echo "package-check: devvault announces no address" >&2; exit 1; }

# A container whose systemd is process 1. nsenter runs commands in it.
systemd-nspawn --quiet --directory "$root" --register=no --keep-unit --console=pipe --boot </dev/null >"$work/boot.log" 2>&1 &
nspawn=$!
for _ in $(seq 100); do
  machine=$(pgrep --parent "$nspawn" --oldest || true)
  test -n "$machine" && nsenter --target "$machine" --all systemctl is-system-running --quiet 2>/dev/null && break
  sleep 0.3
done
test -n "$machine" || failed "the container does not start: $(tail -n 3 "$work/boot.log")"
inside() { nsenter --target "$machine" --all env --chdir=/ -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 "$@"; }
until_true() { for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done; return 1; }
step "$(inside systemctl --version | sed -n 1p) is running in $(inside sed -n 's/^PRETTY_NAME=//p' /etc/os-release)"

inside dpkg --install /root/relay-sync.deb >"$work/dpkg.log" 2>&1 || failed "install: $(tail -n 5 "$work/dpkg.log")"
inside systemctl is-active --quiet relay-sync && failed "the package starts a service with the sample configuration"
step "installed: $(inside dpkg-query --show relay-sync | tr '\t' ' '), nothing started"
inside relay-sync version -o json | grep -q '"version"' || failed "relay-sync version"
inside sh -c 'man -w relay-sync-secret-set >/dev/null && man relay-sync | col -b | grep -q "nothing to do, or everything done"' || failed "man pages"
step "man relay-sync, and $(inside sh -c 'ls /usr/share/man/man1/relay-sync*.1.gz' | wc -l) pages"
inside bash -c 'source /usr/share/bash-completion/bash_completion; _comp_load relay-sync || _completion_loader relay-sync; COMP_WORDS=(relay-sync pl); COMP_CWORD=1; COMP_LINE="relay-sync pl"; COMP_POINT=13; __start_relay-sync; printf "%s\n" "${COMPREPLY[@]}"' 2>/dev/null |
  grep -q '^plan' || failed "completion of bash"
step "bash completes relay-sync pl"

# A commit with one secret, and a configuration with the unit's own credentials.
export SOPS_AGE_KEY_FILE=$root/etc/relay-sync/credentials/platform.age
bin/age-keygen -o "$SOPS_AGE_KEY_FILE" 2>/dev/null
(umask 077 && printf '%s\n' "$token" >"$root/etc/relay-sync/credentials/secret-id")
mkdir -p "$root/srv/git/platform/secrets"
printf 'workflows:\n  deploy-production:\n    registry_password: one\n' >"$root/srv/git/platform/secrets/deploy.yaml"
bin/sops encrypt --age "$(bin/age-keygen -y "$SOPS_AGE_KEY_FILE")" --in-place "$root/srv/git/platform/secrets/deploy.yaml"
commit() { git -C "$root/srv/git/platform" add . && git -C "$root/srv/git/platform" -c user.name=ada -c user.email=ada@example.com commit --quiet --message "$1"; }
git init --quiet --initial-branch main "$root/srv/git/platform"
commit one
cat >"$root/etc/relay-sync/relay-sync.yaml" <<CONFIG
controller: vm-1
listen: 127.0.0.1:9460
socket: /run/relay-sync/relay-sync.sock
audit: /var/log/relay-sync/audit.jsonl
vault:
  address: $address
  token_file: /run/credentials/relay-sync.service/secret-id
sources:
  - name: platform
    repository: /srv/git/platform
    branch: main
    files: ["secrets/**/*.yaml"]
    workflows: [deploy-production]
    age_keys: [/run/credentials/relay-sync.service/platform.age]
    drift_interval: 5s
CONFIG
inside systemctl start relay-sync || failed "start"
in_sync() { inside relay-sync status --socket /run/relay-sync/relay-sync.sock; }
until_true in_sync || failed "the service applies the commit: $(in_sync 2>&1 | head -n 5)"
step "the service runs as $(inside systemctl show --property User --property DynamicUser relay-sync | tr '\n' ' ')and applied the commit: $(inside wc -l </dev/null /var/log/relay-sync/audit.jsonl | cut -d ' ' -f 1) lines in the audit file"

before=$(inside systemctl show --property MainPID --value relay-sync)
sed -i 's/drift_interval: 5s/drift_interval: 10s/' "$root/etc/relay-sync/relay-sync.yaml"
inside systemctl reload relay-sync || failed "reload"
reloaded() { inside journalctl --no-pager -u relay-sync | grep -q 'configuration reloaded'; }
until_true reloaded || failed "reload"
test "$(inside systemctl show --property MainPID --value relay-sync)" = "$before" || failed "reload restarts"
step "reload, by process $before still"

# Rotate once, then let a change write the next line.
inside logrotate --force /etc/logrotate.d/relay-sync >"$work/logrotate.log" 2>&1 || failed "logrotate: $(cat "$work/logrotate.log")"
inside test -s /var/log/relay-sync/audit.jsonl.1 || failed "logrotate rotates nothing"
SOPS_AGE_KEY_FILE=$SOPS_AGE_KEY_FILE bin/sops set "$root/srv/git/platform/secrets/deploy.yaml" '["workflows"]["deploy-production"]["registry_password"]' '"two"'
commit two
lines() { inside test -s /var/log/relay-sync/audit.jsonl; }
until_true lines || failed "no new audit file after logrotate"
step "logrotate: $(inside sh -c 'cd /var/log/relay-sync && wc -l audit.jsonl*' | sed '$d' | tr -s ' \n' ' ')"

inside systemctl stop relay-sync || failed "stop"
test "$(inside systemctl show --property Result --value relay-sync)" = success || failed "stop"
step "stop: $(inside systemctl show --property Result relay-sync)"
inside dpkg --remove relay-sync >"$work/dpkg.log" 2>&1 || failed "remove: $(tail -n 5 "$work/dpkg.log")"
inside test -e /etc/relay-sync/relay-sync.yaml || failed "remove deletes the configuration"
step "removed, the configuration stays"
