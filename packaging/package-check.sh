#!/usr/bin/env bash
# Installs the debs of relay-sync and relay-step in a Debian with systemd, and shows that the service starts, applies a
# commit to a Vault, has the rights of its unit and no more, reloads, starts again after SIGKILL and with new credentials,
# stops within its time, and that man pages, completions and the rotation of its audit file work.
#
# It needs root, debootstrap, systemd-nspawn, and devvault, sops and age-keygen in bin/. nspawn does not
# enforce MemoryMax and IPAddressDeny.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/world.sh

machine=
cleanup() {
  test -z "$machine" || { kill -s RTMIN+4 "$machine" 2>/dev/null || true; wait "$nspawn" 2>/dev/null || true; }
  stop_world
}
trap cleanup EXIT
failed() { echo "package-check: failed: $1" >&2; inside journalctl --no-pager -n 30 -u relay-sync >&2 || true; exit 1; }

needs package-check debootstrap systemd-nspawn nsenter dpkg
for program in relay-sync relay-step; do
  ls dist/"$program"_*_"$(dpkg --print-architecture)".deb >/dev/null 2>&1 || { echo "package-check: no deb of $program found in dist; run: make release-check" >&2; exit 1; }
done
debian trixie debian systemd,systemd-sysv,dbus,git,procps,man-db,logrotate,bash-completion,ca-certificates
for program in relay-sync relay-step; do
  cp dist/"$program"_*_"$(dpkg --print-architecture)".deb "$root/srv/$program.deb"
done
start_vault

# A container whose systemd is process 1. nsenter runs commands in it.
systemd-nspawn --quiet --directory "$root" --register=no --keep-unit --console=pipe --boot </dev/null >"$work/boot.log" 2>&1 &
nspawn=$!
for _ in $(seq 100); do
  machine=$(pgrep --parent "$nspawn" --oldest || true)
  test -n "$machine" && nsenter --target "$machine" --all systemctl is-system-running --quiet 2>/dev/null && break
  sleep 0.3
done
test -n "$machine" || failed "the container does not start: $(tail -n 3 "$work/boot.log")"
inside() { nsenter --target "$machine" --all env --chdir=/ -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ TERM=dumb LANG=C.UTF-8 "$@"; }
step "$(inside systemctl --version | sed -n 1p) is running in $(inside sed -n 's/^PRETTY_NAME=//p' /etc/os-release)"

inside dpkg --install /srv/relay-sync.deb /srv/relay-step.deb >"$work/dpkg.log" 2>&1 || failed "install: $(tail -n 5 "$work/dpkg.log")"
inside systemctl is-active --quiet relay-sync && failed "the package starts a service with the sample configuration"
step "installed: $(inside dpkg-query --show relay-sync relay-step | tr '\t\n' '  '), nothing started"
inside relay-sync version -o json | grep -q '"version"' || failed "relay-sync version"
inside sh -c 'man -w relay-sync-secret-set >/dev/null && man relay-sync | col -b | grep -q "nothing to do, or everything done"' || failed "man pages"
inside relay-step --version | grep -q '^relay-step ' || failed "relay-step --version"
inside sh -c 'man relay-step-exec | col -b | grep -q "the command was not found"' || failed "man page of relay-step"
step "man relay-sync and relay-step, and $(inside sh -c 'ls /usr/share/man/man1/relay-s*.1.gz' | wc -l) pages"
inside bash -c 'source /usr/share/bash-completion/bash_completion; _comp_load relay-sync || _completion_loader relay-sync; COMP_WORDS=(relay-sync pl); COMP_CWORD=1; COMP_LINE="relay-sync pl"; COMP_POINT=13; __start_relay-sync; printf "%s\n" "${COMPREPLY[@]}"' 2>/dev/null |
  grep -q '^plan' || failed "completion of bash"
step "bash completes relay-sync pl"

# A commit with one secret, and a configuration with the unit's own credentials.
repository "$root/etc/relay-sync/credentials"
{
  printf 'controller: vm-1\nlisten: 127.0.0.1:9460\nsocket: /run/relay-sync/relay-sync.sock\naudit: /var/log/relay-sync/audit.jsonl\n'
  configuration /run/credentials/relay-sync.service
} >"$root/etc/relay-sync/relay-sync.yaml"
inside systemctl start relay-sync || failed "start"
in_sync() { inside relay-sync status --socket /run/relay-sync/relay-sync.sock; }
until_true in_sync || failed "the service applies the commit: $(in_sync 2>&1 | head -n 5)"
step "the service runs as $(inside systemctl show --property User --property DynamicUser relay-sync | tr '\n' ' ')and applied the commit: $(inside wc -l </dev/null /var/log/relay-sync/audit.jsonl | cut -d ' ' -f 1) lines in the audit file"

# What the unit promises, of the process itself.
main_pid() { inside systemctl show --property MainPID --value relay-sync; }
before=$(main_pid)
kept() { inside grep -Eq "$1" "/proc/$before/$2" || failed "hardening: no $1 in $2: $(inside cat "/proc/$before/$2")"; }
for line in 'CapEff:\s+0+$' 'CapBnd:\s+0+$' 'CapAmb:\s+0+$' 'NoNewPrivs:\s+1' 'Seccomp:\s+2' 'Uid:\s+[1-9]'; do kept "$line" status; done
kept 'Max core file size +0 +0' limits
view() { inside nsenter --target "$before" --mount "$@"; }
for folder in /etc /usr /srv /home /boot /var/lib; do
  view touch "$folder/relay-sync-check" 2>/dev/null && failed "hardening: $folder is writable"
done
for folder in /var/lib/relay-sync /var/log/relay-sync /run/relay-sync; do
  view test -w "$folder/" || failed "hardening: $folder is not writable"
done
test -z "$(view ls -A /home /root 2>/dev/null | grep -v : || true)" || failed "hardening: the home folders are visible"
cp examples/relay-sync/systemd/*.service "$root/srv/"
for unit in relay-sync relay-sync-web; do
  exposure=$(inside systemd-analyze security --no-pager --offline=yes "/srv/$unit.service" 2>/dev/null | sed -n 's/.*Overall exposure level for .*: \([0-9.]* [A-Z]*\).*/\1/p')
  rated=$(tr -d '#\n' <"examples/relay-sync/systemd/$unit.service" | tr -s ' ' | sed -n 's/.*rates its exposure as \([0-9.]*\) ("\([A-Z]*\)").*/\1 \2/p')
  test -n "$exposure" && test "$exposure" = "$rated" || failed "systemd-analyze security rates $unit $exposure, the unit has $rated"
done
step "hardening: no capabilities, no new privileges, seccomp, no core dump, a read-only system; exposure $exposure"

# LoadCredential: the files of root reach the service alone, in memory.
inside sh -c 'stat --format %a:%U /etc/relay-sync/credentials/secret-id /etc/relay-sync/credentials/platform.age' | grep -qv '^600:root$' && failed "the credentials are not files of root"
for name in secret-id platform.age; do
  inside setpriv --reuid=65534 --regid=65534 --clear-groups cat "/run/credentials/relay-sync.service/$name" >/dev/null 2>&1 && failed "another user reads the credential $name"
done
inside findmnt --noheadings --output FSTYPE --target /run/credentials/relay-sync.service | grep -Eq '^(ramfs|tmpfs)' || failed "the credentials are not in memory"
step "LoadCredential: two files of root, for the service alone, in $(inside findmnt --noheadings --output FSTYPE --target /run/credentials/relay-sync.service)"

sed -i 's/drift_interval: 5s/drift_interval: 10s/' "$root/etc/relay-sync/relay-sync.yaml"
inside systemctl reload relay-sync || failed "reload"
reloaded() { inside journalctl --no-pager -u relay-sync | grep -q 'configuration reloaded'; }
until_true reloaded || failed "reload"
test "$(main_pid)" = "$before" || failed "reload restarts"
cp "$root/etc/relay-sync/relay-sync.yaml" "$work/relay-sync.yaml"
echo 'unknown: key' >>"$root/etc/relay-sync/relay-sync.yaml"
inside systemctl reload relay-sync || failed "reload of an invalid configuration"
kept_configuration() { { in_sync 2>&1 || true; } | grep 'unknown key'; }
until_true kept_configuration || failed "reload of an invalid configuration: the status does not show it: $(in_sync 2>&1 | head -n 5)"
test "$(main_pid)" = "$before" || failed "reload of an invalid configuration restarts"
cp "$work/relay-sync.yaml" "$root/etc/relay-sync/relay-sync.yaml"
step "reload, by process $before still, also of an invalid configuration, which it does not use"

# systemd starts it again, and it goes on with the next commit.
applied() { test "$(inside sh -c 'cat /var/log/relay-sync/audit.jsonl*' | grep -c '"registry_password"')" -ge "$1"; }
inside kill -KILL "$before"
again() { inside systemctl is-active --quiet relay-sync && test "$(main_pid)" != "$before"; }
until_true again || failed "no restart after SIGKILL"
change killed
until_true applied 4 || failed "the service applies nothing after SIGKILL"
step "SIGKILL: process $(main_pid) in place of $before, and applied the next commit"
inside sh -c 'umask 077; printf "%s\n" revoked > /etc/relay-sync/credentials/secret-id'
inside systemctl restart relay-sync || failed "restart"
rejected() { { in_sync 2>&1 || true; } | grep 'Vault token is invalid'; }
until_true rejected || failed "a restart does not read the new credential: $(in_sync 2>&1 | head -n 5)"
(umask 077 && printf '%s\n' "$token" >"$root/etc/relay-sync/credentials/secret-id")
inside systemctl restart relay-sync || failed "restart"
until_true in_sync || failed "restart: $(in_sync 2>&1 | head -n 5)"
step "restart: reads the credentials again"

# Rotate once, then let a change write the next line.
inside logrotate --force /etc/logrotate.d/relay-sync >"$work/logrotate.log" 2>&1 || failed "logrotate: $(cat "$work/logrotate.log")"
inside test -s /var/log/relay-sync/audit.jsonl.1 || failed "logrotate rotates nothing"
change two
lines() { inside test -s /var/log/relay-sync/audit.jsonl; }
until_true lines || failed "no new audit file after logrotate"
step "logrotate: $(inside sh -c 'cd /var/log/relay-sync && wc -l audit.jsonl*' | sed '$d' | tr -s ' \n' ' ')"

# A stop just after a commit.
change stopped
begun=$(date +%s%N)
inside systemctl stop relay-sync || failed "stop"
took=$((($(date +%s%N) - begun) / 1000000))
test "$(inside systemctl show --property Result --property ExecMainStatus --value relay-sync | tr '\n' ' ')" = 'success 0 ' || failed "stop"
test "$took" -lt "$(($(inside systemctl show --property TimeoutStopUSec --value relay-sync | sed 's/min/*60/; s/s$//' | tr -d ' ') * 1000))" || failed "the stop took $took ms"
step "stop in $took ms: $(inside systemctl show --property Result relay-sync)"
inside dpkg --remove relay-sync relay-step >"$work/dpkg.log" 2>&1 || failed "remove: $(tail -n 5 "$work/dpkg.log")"
inside test -e /etc/relay-sync/relay-sync.yaml || failed "remove deletes the configuration"
step "removed, the configuration stays"
