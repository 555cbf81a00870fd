#!/usr/bin/env bash
# Downloads relay-sync of a release into a folder, and refuses an archive with another checksum.
#   VERSION  the release, such as v0.1.0
#   SHA256   the checksum of its archive for this platform, from its file of checksums
#   FOLDER   where the program goes
set -euo pipefail

[[ $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo "invalid version: must be a release, such as v0.1.0" >&2; exit 1; }
[[ $SHA256 =~ ^[0-9a-f]{64}$ ]] || { echo "invalid sha256: must have 64 hex digits, from the file of checksums of the release" >&2; exit 1; }
case $(uname -s) in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  *) echo "unsupported system: relay-sync runs on Linux and macOS" >&2; exit 1 ;;
esac
case $(uname -m) in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "unsupported processor: must be amd64 or arm64" >&2; exit 1 ;;
esac
archive="relay-sync_${VERSION#v}_${os}_${arch}.tar.gz"
mkdir -p "$FOLDER"
cd "$FOLDER"
curl --proto '=https' --fail --silent --show-error --location --output "$archive" \
  "https://github.com/relay-secrets/terraform-provider-relay/releases/download/$VERSION/$archive"
sum=sha256sum
command -v sha256sum >/dev/null || sum="shasum --algorithm 256"
echo "$SHA256  $archive" | $sum --check --quiet || { echo "the checksum of $archive differs" >&2; rm -f "$archive"; exit 1; }
tar -xzf "$archive" relay-sync
rm -f "$archive"
