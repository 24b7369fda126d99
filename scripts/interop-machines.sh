#!/bin/bash
# interop-machines.sh BINARY: images of virtual machines between the real Incus and ours, in both directions, in one file and in two, as files and from a
# tree of incus-simplestreams over HTTPS. Both import and start what the other one published, under the same fingerprint, with the same properties
# and the same disk. PEER: as for interop.sh, with `PEER start-vm NAME`. A boot takes 15 to 40 s without KVM. It ends with the first step that fails.
set -eu
: "${PEER:?set PEER to the program that runs the real Incus}"
here=$(cd "$(dirname "$0")" && pwd)
binary=$(readlink -f "$1")
work=$(mktemp -d)
theirs=interopvmreal$$ ours=interopvmours$$
trap '"$PEER" down $theirs; "$PEER" down $ours; rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,guest,image,tree,certs,by-ours,by-real}
cp "$binary" "$work/bin/incusbox"
"$work/bin/incusbox" --install "$work/bin"
cp "$here/../tests/lib/image_server.py" "$work"

# The small guest as one file and as two.
"$here/make-guest" -b "$binary" "$work/guest" > /dev/null
tar -C "$work/image" -xf "$work/guest/guest.tar.xz"
rm -rf "$work/guest" "$work/image/boot"
sed -i 's/^  release: guest/  release: guest\n  variant: default/' "$work/image/metadata.yaml"
tar -C "$work/image" --owner=0 --group=0 -cf - metadata.yaml templates rootfs.img | xz -0 > "$work/unified.tar.xz"
sed -i 's/release: guest/release: split/' "$work/image/metadata.yaml"
tar -C "$work/image" --owner=0 --group=0 -cJf "$work/meta.tar.xz" metadata.yaml templates
mv "$work/image/rootfs.img" "$work/disk.qcow2"
for files in unified.tar.xz "meta.tar.xz disk.qcow2"; do
  # shellcheck disable=SC2086
  (cd "$work/tree" && "$work/bin/incus-simplestreams" add $(printf "$work/%s " $files) --no-default-alias --alias "vm/${files%%.*}")
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=images -addext subjectAltName=IP:127.0.0.1 -keyout "$work/pem" -out "$work/ca.pem" 2> /dev/null
cat "$work/ca.pem" >> "$work/pem"
cp "$work/ca.pem" "$work/certs/ca-certificates.crt"

cat > "$work/words" << 'E2'
# For steps with the client $client on the daemon of $INCUS_DIR.
set -eu
export INCUS_CONF=/run/interop.conf
fail() { echo "FAILED: $*"; exit 1; }
expect() { # expect TEXT COMMAND...
  local got
  got=$("${@:2}") || fail "${*:2}"
  [ "$got" = "$1" ] || fail "${*:2}: $got instead of $1"
}
prepare() {
  "$client" storage create default dir > /dev/null
  "$client" network create vmbr ipv4.address=10.99.7.1/24 ipv6.address=none > /dev/null
}
serve_tree() {
  python3 /interop/image_server.py /interop/tree /run/requests /interop/pem > /run/port &
  for _ in $(seq 100); do [ -s /run/port ] && break; sleep 0.1; done
  "$client" remote add srv "https://127.0.0.1:$(cat /run/port)" --protocol=simplestreams
}
disk() { echo "$INCUS_DIR/storage-pools/default/virtual-machines/$1/root.img"; }
image_hash() { cat "$@" | sha256sum | cut -d' ' -f1; }
# What clients see of an image, without what belongs to the server.
facts() { "$client" image show "$1"; "$client" image list "$1" -f csv -c Fat | sed 's/^/# /'; }
# life IMAGE: a machine whose guest asks for an address and answers at it.
life() {
  local begin address= i
  begin=$(date +%s)
  "$client" launch "$1" v1 --vm --no-profiles -s default -n vmbr -c security.secureboot=false -c limits.memory=384MiB -d root,size=128MiB > /run/launched 2>&1 < /dev/null ||
    { cat /run/launched; fail "launch $1"; }
  for i in $(seq 600); do
    address=$("$client" network list-leases vmbr -f csv | grep -oE '10\.99\.7\.[0-9]+' | grep -vx '10.99.7.1' | head -1 || true)
    [ -n "$address" ] && ping -c 1 -W 1 "$address" > /dev/null && break
    [ "$i" -lt 600 ] || fail "no guest answers in a machine from $1"
    sleep 0.5
  done
  expect RUNNING "$client" list v1 -f csv -c s
  if [ -n "${with_agent:-}" ]; then
    for _ in $(seq 300); do "$client" exec v1 -- true 2> /dev/null && break; sleep 0.5; done
    expect v1 "$client" exec v1 -- hostname
  fi
  echo "ok: $1: up and answering at $address after $(($(date +%s) - begin)) s"
  "$client" delete -f v1
}
# taken FOLDER: images that the other one exported, each a folder of one or two files beside its `facts`: imported, compared, started.
taken() {
  local folder
  for folder in "$1"/*/; do
    folder=${folder%/}
    "$client" image import "$folder"/image* --alias taken > /dev/null || fail "import $folder"
    facts taken > /run/facts
    diff "$folder/facts" /run/facts || fail "$folder: other facts"
    "$client" init taken v2 --vm --no-profiles -s default -d root,size=128MiB > /dev/null 2>&1
    qemu-img compare -q -f raw -F raw "$(cat "$folder/disk")" "$(disk v2)" || fail "$folder: another disk"
    "$client" delete v2
    echo "ok: $(basename "$folder") image of $(basename "$1"): same fingerprint, properties and disk"
    life taken
    "$client" image delete taken
  done
}
# given FOLDER: publishes a machine in both forms and leaves there what taken() wants.
given() {
  local format
  "$client" init local:mine v3 --vm --no-profiles -s default -d root,size=128MiB > /dev/null 2>&1
  echo written-later | dd of="$(disk v3)" bs=512 seek=200000 conv=notrunc status=none
  cp --sparse=always "$(disk v3)" "$1.raw"
  for format in unified split; do
    mkdir "$1/$format"
    "$client" publish v3 --alias "given-$format" --format "$format" description="Published as $format" word=kept > /dev/null || fail "publish $format"
    "$client" image export "given-$format" "$1/$format/image" > /dev/null
    facts "given-$format" > "$1/$format/facts"
    echo "$1.raw" > "$1/$format/disk"
    expect "$("$client" image list "given-$format" -f csv -c F)" image_hash $(ls "$1/$format"/image* | grep -v root) $(ls "$1/$format"/image*root* 2> /dev/null || true)
  done
  "$client" delete v3
}
E2
cat > "$work/steps" << 'E2'
#!/bin/bash
# steps CLIENT MINE OTHERS: takes in our files and our tree, publishes into MINE, takes in OTHERS.
client=$1
. /interop/words
prepare
"$client" image import /interop/unified.tar.xz --alias mine > /dev/null
expect "$(image_hash /interop/unified.tar.xz)" "$client" image list mine -f csv -c F
expect VIRTUAL-MACHINE "$client" image list mine -f csv -c t
life mine
"$client" image import /interop/meta.tar.xz /interop/disk.qcow2 --alias two > /dev/null
expect "$(image_hash /interop/meta.tar.xz /interop/disk.qcow2)" "$client" image list two -f csv -c F
life two
serve_tree
while read -r name same <&3; do
  expect "$("$client" image list local: -f csv -c F "$same")" "$client" image list srv: -f csv -c F "$name"
  expect incusbox "$client" image get-property "srv:$name" os
  "$client" image delete "$same"
  "$client" image copy "srv:$name" local: --alias "$same" --copy-aliases --vm > /dev/null || fail "copy srv:$name"
  for alias in "$same" "$name"; do expect VIRTUAL-MACHINE "$client" image list "$alias" -f csv -c t; done
  life "$same"
  echo "ok: $name of the server: copied with its aliases"
done 3<< 'E3'
vm/unified mine
vm/meta two
E3
given "/interop/$2"
[ -z "${3:-}" ] || taken "/interop/$3"
E2
chmod +x "$work/steps"
printf '%s /interop\n%s /etc/ssl/certs\n' "$work" "$work/certs" > "$work/binds"
export PEER_BINDS=$work/binds
echo "== ours"
"$PEER" up $ours
"$PEER" in $ours bash -c 'mkdir -p -m 711 $INCUS_DIR; SSL_CERT_FILE=/interop/ca.pem setsid /interop/bin/incusd > /run/incusd.out 2>&1 < /dev/null & /interop/bin/incus admin waitready --timeout=60'
"$PEER" in $ours env with_agent=1 SSL_CERT_FILE=/interop/ca.pem /interop/steps /interop/bin/incus by-ours
echo "== the real client and daemon"
"$PEER" start-vm $theirs
"$PEER" in $theirs /interop/steps /usr/bin/incus by-real by-ours
"$PEER" down $theirs
echo "== ours, with what the real one published"
"$PEER" in $ours env with_agent=1 SSL_CERT_FILE=/interop/ca.pem client=/interop/bin/incus bash -c '. /interop/words; taken /interop/by-real'
