#!/bin/bash
# interop-images.sh BINARY [FOLDER...]: the real daemon and client take in and run what incus-image makes, from files and from a tree of
# incus-simplestreams over HTTPS. Each FOLDER holds another image (one file, or metadata and root) that the real daemon and ours have to run: builds of
# whole distributions, by incus-image or by somebody else. PEER: as for interop.sh. It ends with the first step that fails.
set -eu
: "${PEER:?set PEER to the program that runs the real Incus}"
here=$(cd "$(dirname "$0")" && pwd)
binary=$(readlink -f "$1")
shift
work=$(mktemp -d)
name=interopimages$$
trap '"$PEER" down $name; rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,images,root,tree,extra}
cp "$binary" "$work/bin/incusbox"
"$work/bin/incusbox" --install "$work/bin"
cp "$here/../tests/lib/image_server.py" "$work"
for folder in "$@"; do cp -r "$folder" "$work/extra/$(basename "$(readlink -f "$folder")")"; done

# The same root in every form that incus-image writes.
"$here/demo-image.sh" "$work/demo.tar.xz"
tar -C "$work/root" -xf "$work/demo.tar.xz"
tar -C "$work/root/rootfs" -cf "$work/root.tar" .
cat > "$work/image.yaml" << E2
image: {distribution: bb, release: one, description: Busybox of incus-image}
source: {downloader: rootfs-http, url: "file://$work/root.tar"}
mappings: {architecture_map: debian}
files:
- {generator: dump, path: /etc/dumped, content: dumped}
- {generator: hostname, path: /etc/hostname}
- {generator: template, name: note.tpl, path: /etc/note, content: "{{ instance.name }} {{ properties.word }}", template: {when: [create], properties: {word: hello}}}
E2
build() { SOURCE_DATE_EPOCH=1700000000 "$work/bin/incus-image" build-incus "$work/image.yaml" "$work/images/$1" "${@:2}" > /dev/null; }
for method in ${SPLIT-xz zstd gzip lz4}; do build split-$method --compression=$method; done
for method in ${UNIFIED-none xz zstd gzip squashfs}; do build unified-$method --type=unified --compression=$method; done
(cd "$work/tree" && "$work/bin/incus-simplestreams" add "$work"/images/split-xz/incus.tar.xz "$work"/images/split-xz/rootfs.squashfs --no-default-alias --alias bb/split)
sed 's/release: one/release: two/' -i "$work/image.yaml"
build tree --type=unified --compression=xz
(cd "$work/tree" && "$work/bin/incus-simplestreams" add "$work"/images/tree/*.tar.xz --no-default-alias --alias bb/unified)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=images -addext subjectAltName=IP:127.0.0.1 -keyout "$work/pem" -out "$work/ca.pem" 2> /dev/null
cat "$work/ca.pem" >> "$work/pem"

cat > "$work/steps" << 'E2'
#!/bin/bash
# steps CLIENT DAEMON FOLDER: takes in and runs everything.
set -eu
client=$1 INCUS_DIR=$3
export INCUS_DIR INCUS_CONF=$3.conf SSL_CERT_FILE=/interop/ca.pem
mkdir -p -m 711 "$INCUS_DIR"
setsid "$2" > "$INCUS_DIR.out" 2>&1 < /dev/null &
"$client" admin waitready --timeout=60
"$client" storage create default dir > /dev/null
fail() { echo "FAILED: $*"; exit 1; }
expect() { # expect TEXT COMMAND...
  local got
  got=$("${@:2}") || fail "${*:2}"
  [ "$got" = "$1" ] || fail "${*:2}: $got instead of $1"
}
life() { # life IMAGE: of an image of ours
  "$client" launch "$1" c1 --no-profiles -s default > /tmp/launched 2>&1 || { cat /tmp/launched; fail "launch $1"; }
  expect dumped "$client" exec c1 -- cat /etc/dumped
  expect "c1 hello" "$client" exec c1 -- cat /etc/note
  expect c1 "$client" exec c1 -- cat /etc/hostname
  expect 0 "$client" exec c1 -- stat -c %u /bin/busybox
  "$client" delete -f c1
}
for folder in /interop/images/*; do
  "$client" image import "$folder"/* --alias x > /dev/null || fail "import $folder"
  life x
  "$client" image delete x
  echo "ok: $(basename "$folder")"
done
for folder in /interop/extra/*; do
  [ -e "$folder" ] || continue
  begin=$(date +%s%N)
  "$client" image import "$folder"/* --alias x > /dev/null || fail "import $folder"
  "$client" launch x c1 --no-profiles -s default > /tmp/launched 2>&1 || { cat /tmp/launched; fail "launch $folder"; }
  expect 0 "$client" exec c1 -- id -u
  expect c1 "$client" exec c1 -- cat /etc/hostname
  for _ in $(seq 600); do
    state=$("$client" exec c1 -- systemctl is-system-running 2> /dev/null || true)
    case $state in running | degraded) break ;; esac
    sleep 0.2
  done
  echo "ok: $(basename "$folder"): $("$client" image get-property x description); systemd says $state; $("$client" exec c1 -- systemctl --failed --plain --no-legend | cut -d' ' -f1 | tr '\n' ' ')$((($(date +%s%N) - begin) / 1000000)) ms"
  "$client" delete -f c1
  "$client" image delete x
done
python3 /interop/image_server.py /interop/tree "$INCUS_DIR.requests" /interop/pem > "$INCUS_DIR.port" &
for _ in $(seq 100); do [ -s "$INCUS_DIR.port" ] && break; sleep 0.1; done
"$client" remote add srv "https://127.0.0.1:$(cat "$INCUS_DIR.port")" --protocol=simplestreams
expect "$(printf 'bb/split (1 more)\nbb/unified (1 more)')" "$client" image list srv: -f csv -c l
for image in split unified; do
  life srv:bb/$image
  "$client" image copy srv:bb/$image local: --alias copied > /dev/null
  expect "$("$client" image list srv: -f csv -c F "bb/$image")" "$client" image list local: -f csv -c F copied
  "$client" image delete copied
  echo "ok: bb/$image of the server: launched, copied, same fingerprint"
done
kill %2 %1
wait
E2
chmod +x "$work/steps"
printf '%s /interop\n' "$work" > "$work/binds"
PEER_BINDS=$work/binds "$PEER" up $name
echo "== the real client and daemon"
"$PEER" in $name bash -c '/interop/steps /usr/bin/incus "$(command -v incusd)" /run/real'
echo "== ours"
"$PEER" in $name /interop/steps /interop/bin/incus /interop/bin/incusd /run/ours
