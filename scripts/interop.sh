#!/bin/bash
# interop.sh BINARY: a container's life with our client against the real daemon, and the real client against ours. PEER names the program that
# runs the real Incus in a throw-away machine (`PEER up NAME`, `PEER start NAME`, `PEER in NAME CMD…`, `PEER down NAME`; PEER_BINDS mounts folders in).
set -eu
: "${PEER:?set PEER to the program that runs the real Incus}"
binary=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
name=interop$$
trap '"$PEER" down $name; rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$binary" "$work/bin/incusbox"
"$work/bin/incusbox" --install "$work/bin"
"$here/demo-image.sh" "$work/image.tar.xz"
cat > "$work/life" << 'E2'
#!/bin/bash
# life CLIENT: one step a line, with its exit code; what differs from run to run is masked.
client=$1
run() { echo "\$ $*"; "$client" "$@" < /dev/null 2>&1 | sed -E 's/[0-9a-f]{64}/FINGERPRINT/g; s/[0-9]{4}.[0-9]{2}.[0-9]{2}.[0-9:]{5}.*/DATE/; s/fd42[0-9a-f:]+/IPV6/g'; echo "exit ${PIPESTATUS[0]}"; }
run image import /interop/image.tar.xz --alias demo
run image list -c lpdat -f csv
run launch demo c1 --no-profiles -s default
run list -c nst -f csv
run exec c1 -- sh -c 'echo out; echo err >&2; exit 3'
echo hello > /tmp/hello; run file push /tmp/hello c1/root/hello
run file pull c1/root/hello -
run snapshot create c1 s0
run exec c1 -- rm /root/hello
run snapshot restore c1 s0
run exec c1 -- cat /root/hello
run copy c1 c2
run config set c1 limits.processes=100
run config get c1 limits.processes
run stop -f c1
run publish c1 --alias mine
run image delete mine
run start c1
run delete c1
run delete -f c1 c2
run image delete demo
run storage list -f csv -c nDS
run profile show default
run project list -f csv
E2
chmod +x "$work/life"
printf '%s /interop\n' "$work" > "$work/binds"
PEER_BINDS=$work/binds "$PEER" up $name
ours() { "$PEER" in $name bash -c "mkdir -p /var/lib/ours; chmod 711 /var/lib/ours; INCUS_DIR=/var/lib/ours setsid /interop/bin/incusd > /tmp/ours.out 2>&1 < /dev/null & INCUS_DIR=/var/lib/ours /interop/bin/incus admin waitready --timeout=30"; }
"$PEER" start $name
ours
for dir in incus ours; do "$PEER" in $name bash -c "INCUS_DIR=/var/lib/$dir /interop/bin/incus storage create default dir"; done
for pair in "incus /usr/bin/incus" "incus /interop/bin/incus" "ours /usr/bin/incus" "ours /interop/bin/incus"; do
  set -- $pair
  "$PEER" in $name bash -c "INCUS_DIR=/var/lib/$1 /interop/life $2" > "$work/$1-$(echo "$2" | tr -d /).txt" 2>&1
done
status=0
for other in incus-interopbinincus ours-usrbinincus ours-interopbinincus; do
  echo "== real client and daemon / $other"
  diff "$work/incus-usrbinincus.txt" "$work/$other.txt" && echo same || status=1
done
exit $status
