#!/bin/sh
# Copyright (c) The terraform-provider-relay authors
# SPDX-License-Identifier: MPL-2.0
#
# Creates the signed objects and keys in this directory with git, ssh-keygen and gpg. The tests do not run it.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" GNUPGHOME="$work/gnupg" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=ada GIT_AUTHOR_EMAIL=ada@example.com GIT_COMMITTER_NAME=ada GIT_COMMITTER_EMAIL=ada@example.com
mkdir -m 700 "$GNUPGHOME"
: > allowed_signers
for kind in ed25519 rsa ecdsa; do
	ssh-keygen -q -t $kind -N '' -C "$kind@example.com" -f "$work/$kind"
	printf '%s@example.com %s\n' "$kind" "$(cut -d' ' -f1,2 "$work/$kind.pub")" >> allowed_signers
done
gpg -q --batch --passphrase '' --quick-gen-key 'Ada <ada@example.com>' ed25519 sign never
gpg -q --batch --passphrase '' --quick-gen-key 'Brief <brief@example.com>' rsa2048 sign 1d
gpg -q --armor --export ada@example.com > ada.asc
gpg -q --armor --export brief@example.com > brief.asc
sign() { # repository, what it is signed with, name
	case $2 in
	*@example.com) set -- "$1" "$3" -c user.signingkey="$2" -c gpg.format=openpgp ;;
	*) set -- "$1" "$3" -c user.signingkey="$work/$2" -c gpg.format=ssh ;;
	esac
	repo=$1 name=$2
	shift 2
	git -C "$repo" "$@" commit -q -S --allow-empty -m "a message

with -----BEGIN PGP SIGNATURE----- in it"
	git -C "$repo" cat-file commit HEAD > "$name.commit"
	git -C "$repo" "$@" tag -f -s -m 'a release' v1
	git -C "$repo" cat-file tag v1 > "$name.tag"
}
git init -q "$work/sha1"
git init -q --object-format=sha256 "$work/sha256"
for kind in ed25519 rsa ecdsa; do sign "$work/sha1" $kind ssh-$kind; done
sign "$work/sha256" ed25519 ssh-sha256
sign "$work/sha1" ada@example.com pgp
sign "$work/sha256" ada@example.com pgp-sha256
sign "$work/sha1" brief@example.com pgp-brief
for weak in sha1:rsa2048 dsa:dsa2048; do
	name=${weak%:*}
	gpg -q --batch --passphrase '' --quick-gen-key "Weak <$name@example.com>" "${weak#*:}" sign never
	gpg -q --armor --export "$name@example.com" > "$name.asc"
done
echo 'digest-algo SHA1' > "$GNUPGHOME/gpg.conf"
sign "$work/sha1" sha1@example.com pgp-sha1
rm "$GNUPGHOME/gpg.conf"
sign "$work/sha1" dsa@example.com pgp-dsa
rm pgp-sha1.tag pgp-dsa.tag
git -C "$work/sha1" commit -q --allow-empty -m 'not signed'
git -C "$work/sha1" cat-file commit HEAD > unsigned.commit
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(gpg --list-keys --with-colons ada@example.com | awk -F: '/^fpr/{print $10; exit}').rev" | gpg -q --import
gpg -q --armor --export ada@example.com > ada-revoked.asc
