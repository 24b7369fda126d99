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
mkdir -p "$work/other/rootfs/etc"
printf 'architecture: x86_64\ncreation_date: 1600000000\nexpiry_date: 4000000000\nproperties: {os: Other, release: "12", variant: cloud, description: "Other, with \\"quotes\\" | pipe"}\n' > "$work/other/metadata.yaml"
tar -C "$work/other" --owner=0 --group=0 -cf "$work/other.tar" metadata.yaml rootfs
cat > "$work/life" << 'E2'
#!/bin/bash
# life CLIENT PORT: one step a line, with its exit code; what differs from run to run is masked. First over the unix socket, then over TLS.
client=$1 address=127.0.0.1:$2
export INCUS_CONF=$(mktemp -d)
# The client's hints about networks and images are its own words: left out.
mask() {
  sed -E 's/[0-9a-f]{64}/FINGERPRINT/g; s/[0-9]{4}.[0-9]{2}.[0-9]{2}.[0-9:]{5}.*/DATE/; s/fd42[0-9a-f:]+/IPV6/g; s/127.0.0.1:[0-9]+/ADDRESS/g
    s/eyJ[A-Za-z0-9+=]+/TOKEN/g; s/remove [0-9a-f]{12}/remove FINGERPRINT/; s#/var/lib/(incus|ours)/#DIR/#; s/images:[a-z]+[^ ]*/images:CHOSEN/
    /network attached|No network is attached|network create$|network attach$/d'
}
# Both outputs, one after the other: over two sockets their order is chance.
run() {
  echo "\$ $*" | mask
  "$client" "$@" < /dev/null > /tmp/out 2> /tmp/err
  local status=$?
  cat /tmp/out /tmp/err | mask
  echo "exit $status"
}
daily() { # daily REMOTE: a container's life
  local r=$1
  run image import /interop/image.tar.xz $r --alias demo
  run image list $r -c lpdat -f csv
  run launch ${r}demo ${r}c1 --no-profiles -s default
  run list $r -c nst -f csv
  run exec ${r}c1 -- sh -c 'echo out; echo err >&2; exit 3'
  echo hello > /tmp/hello; run file push /tmp/hello ${r}c1/root/hello
  run file pull ${r}c1/root/hello -
  run snapshot create ${r}c1 s0
  run exec ${r}c1 -- rm /root/hello
  run snapshot restore ${r}c1 s0
  run exec ${r}c1 -- cat /root/hello
  run copy ${r}c1 ${r}c2
  run config set ${r}c1 limits.processes=100
  run config get ${r}c1 limits.processes
  run stop -f ${r}c1
  run publish ${r}c1 ${r} --alias mine
  run image delete ${r}mine
  run start ${r}c1
  run delete ${r}c1
  run delete -f ${r}c1 ${r}c2
  run image delete ${r}demo
  run storage list $r -f csv -c nDS
  run profile show ${r}default
  run project list $r -f csv
}
images() { # every way to look at images. Tables and the words of YAML parsers are left out: docs/differences.md
  run image import /interop/image.tar.xz --alias one --alias two/three
  run image import /interop/other.tar --alias other --public word=kept "two=a b"
  run image alias create more one --description "Another name"
  run image alias create one other
  run image alias create one missing
  run image alias create missing missing
  for format in csv markdown csv,header csv,tableless; do run image list -f $format -c lfpdatsF; done
  run image list -f csv -c u
  run image list -f csv -c lfx
  run image list -f csv -c ld,properties:os,e --all-projects
  for format in json yaml; do run image list -f $format other; done
  local filter image
  for filter in one oth two two/three os=Other os=oth 'os=Oth.*' os=^O os=other release=12 release=1 variant=cl.ud type=container type=virtual-machine type=cont architecture=x86_64 architecture=x86 \
    properties.os=Other public=true public=false cached=false auto_update=false description=Other 'description=.*pipe' alias=one fingerprint=x nothing=x 'os=(' os= =; do
    run image list -f csv -c l "$filter"
  done
  run image list -f csv -c l os=Other release=12
  run image list -f csv -c l os=Other release=13
  run image list -f csv -c l one other
  for image in one other two/three missing; do
    run image info $image
    run image show $image
    run image info --vm $image
    run image get-property $image os
    run image get-property $image none
  done
  run image set-property other os Changed
  run image set-property other new value
  run image unset-property other word
  run image unset-property other never
  run image show other
  printf 'auto_update: true\nproperties:\n  os: Edited\n  gone: ""\npublic: false\nexpires_at: 2030-01-02T03:04:05Z\nprofiles:\n- default\n' > /tmp/edited
  printf 'profiles: [nowhere]\n' > /tmp/edited-badly
  printf 'description: x\nbogus: 1\n' > /tmp/edited-oddly
  for filter in edited edited-badly edited-oddly; do "$client" image edit other < /tmp/$filter 2>&1; echo "$filter: $?"; run image show other; done
  run image info other
  for format in csv json yaml markdown; do run image alias list -f $format; done
  for filter in one two type=container nothing; do run image alias list -f csv "$filter"; done
  run image alias list -f csv -c aftd
  run image alias show more
  run image alias rename missing less
  run image alias rename missing one
  run image alias rename more less
  run image alias delete less
  run image alias delete less
  run image export missing
  run image delete one other missing
  run image list -f csv -c lp
  run image delete one other
}
daily ''
images
run config set core.https_address=$address
token=$("$client" config trust add interop -q)
run remote add far "$token"
run remote list -f csv
run info far:missing
daily far:
run config trust list -f csv -c nt
run config trust remove "$("$client" config trust list -f csv -c f | head -1)"
run query far:/1.0/instances
run config unset core.https_address
rm -rf "$INCUS_CONF"
E2
chmod +x "$work/life"
printf '%s /interop\n' "$work" > "$work/binds"
PEER_BINDS=$work/binds "$PEER" up $name
ours() { "$PEER" in $name bash -c "rm -rf /var/lib/ours; mkdir -p /var/lib/ours; chmod 711 /var/lib/ours; INCUS_DIR=/var/lib/ours setsid /interop/bin/incusd > /tmp/ours.out 2>&1 < /dev/null & INCUS_DIR=/var/lib/ours /interop/bin/incus admin waitready --timeout=30"; }
"$PEER" start $name
ours
for dir in incus ours; do "$PEER" in $name bash -c "INCUS_DIR=/var/lib/$dir /interop/bin/incus storage create default dir"; done
for pair in "incus /usr/bin/incus 8443" "incus /interop/bin/incus 8443" "ours /usr/bin/incus 8444" "ours /interop/bin/incus 8444"; do
  set -- $pair
  "$PEER" in $name bash -c "INCUS_DIR=/var/lib/$1 /interop/life $2 $3" > "$work/$1-$(echo "$2" | tr -d /).txt" 2>&1
done
status=0
for other in incus-interopbinincus ours-usrbinincus ours-interopbinincus; do
  echo "== real client and daemon / $other"
  diff "$work/incus-usrbinincus.txt" "$work/$other.txt" && echo same || status=1
done
exit $status
