#!/bin/bash
# debian-mirror.sh: prints the mirror and the release of Debian that this machine's apt has, and sees to mmdebstrap. Fails, saying why, where there is none.
set -eu
give_up() { echo "no Debian image is built: $*" >&2; exit 1; }
command -v apt-get > /dev/null || give_up "this machine has no apt, whose mirror would be used"
found=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 2> /dev/null |
  awk '$1 ~ /\/debian\/?$/ && $2 !~ /-/ && $3 == "main" { print $1, $2; exit }')
[ -n "$found" ] || give_up "apt has no Debian mirror (or apt-get update never ran)"
"$(dirname "$0")/host-packages.sh" mmdebstrap:mmdebstrap >&2 || give_up "mmdebstrap can't be installed"
echo "$found"
