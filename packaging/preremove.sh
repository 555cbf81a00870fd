#!/bin/sh
# deb calls it with "remove", rpm with 0; an update does not stop the service.
set -e
if [ -d /run/systemd/system ] && { [ "$1" = remove ] || [ "$1" = 0 ]; }; then
	systemctl disable --now relay-sync.service
fi
