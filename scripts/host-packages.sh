#!/bin/bash
# host-packages.sh PROGRAM:PACKAGE...: installs what this machine lacks to run (not to build) the demo and the tests. A path stands for a file.
set -eu
missing=
for pair in "$@"; do
  command -v "${pair%%:*}" > /dev/null || [ -e "${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get update -q > /dev/null && apt-get install -y -q --no-install-recommends $missing > /dev/null
