# Image servers and image files: the tool that keeps a server's folder, and the client and daemon that fetch from it.

# A tree with the test image as metadata + root under the alias `bb/one`.
make_tree() {
  mkdir -p "$SUITE_DIR/tree" "$SUITE_DIR/meta" "$SUITE_DIR/unified"
  tar -C "$SUITE_DIR/unified" -xf "$TEST_IMAGE"
  make_metadata 1700000000
  tar -C "$SUITE_DIR/unified/rootfs" -cJf "$SUITE_DIR/root.tar.xz" .
  (cd "$SUITE_DIR/tree" && incus-simplestreams add "$SUITE_DIR/meta.tar.xz" "$SUITE_DIR/root.tar.xz" --no-default-alias --alias bb/one)
}

make_metadata() { # make_metadata CREATION_DATE
  printf 'architecture: %s\ncreation_date: %s\nproperties: {os: Bb, release: one, variant: default, architecture: %s, description: Bb}\n' \
    "$(uname -m)" "$1" "$(uname -m)" > "$SUITE_DIR/meta/metadata.yaml"
  tar -C "$SUITE_DIR/meta" -cJf "$SUITE_DIR/meta.tar.xz" metadata.yaml
}

serve_tree() {
  command -v python3 > /dev/null || { echo "skipped: python3 is not installed"; return 1; }
  python3 "$top/tests/lib/image_server.py" "$SUITE_DIR/tree" "$SUITE_DIR/requests" > "$SUITE_DIR/port" &
  eventually 10 test -s "$SUITE_DIR/port"
  mkdir -p "$INCUS_CONF"
  cat > "$INCUS_CONF/config.yml" << E2
default-remote: local
remotes:
  srv:
    addr: http://127.0.0.1:$(cat "$SUITE_DIR/port")
    protocol: simplestreams
    public: true
E2
}

test_server_tool() {
  make_tree
  cd "$SUITE_DIR/tree"
  incus-simplestreams verify
  expect 1 sh -c 'incus-simplestreams list -f csv | wc -l'
  refuse 'Already have a "root.tar.xz"' incus-simplestreams add "$SUITE_DIR/meta.tar.xz" "$SUITE_DIR/root.tar.xz"
  tar -C "$SUITE_DIR/unified" --transform "s|^metadata.yaml|other.yaml|" -cJf "$SUITE_DIR/bad.tar.xz" metadata.yaml
  refuse metadata.yaml incus-simplestreams add "$SUITE_DIR/bad.tar.xz"
  local fingerprint
  fingerprint=$(cat "$SUITE_DIR/meta.tar.xz" "$SUITE_DIR/root.tar.xz" | sha256sum | cut -d' ' -f1)
  expect "$fingerprint" sh -c 'incus-simplestreams list -f csv | cut -d, -f1'
  echo more >> images/*.incus.tar.xz
  refuse 'different size' incus-simplestreams verify
  touch images/orphan
  incus-simplestreams prune -d | grep -q '^images/orphan$'
  test -e images/orphan
  incus-simplestreams prune
  expect '' find images -name orphan
  incus-simplestreams remove "${fingerprint:0:12}"
  expect "" find images -type f
  # Names that lead out of the folder are neither read nor removed.
  sed 's|"products":{}|"products":{"p":{"aliases":"","arch":"amd64","os":"x","release":"x","release_title":"x","versions":{"20250101":{"items":{"x":{"ftype":"x","path":"../meta.tar.xz","size":1}}}}}}|' \
    -i streams/v1/images.json
  refuse 'not a path in this folder' incus-simplestreams verify
  cd /
}

test_lists_and_launches() {
  prepare
  make_tree
  serve_tree || return 0
  expect "bb/one (1 more)" incus image list srv: -f csv -c l
  expect "" incus image list srv: release=two -f csv -c l
  expect "bb/one (1 more)" incus image list srv: release=one -f csv -c l
  incus image alias list srv: -f csv | grep -q "^bb/one,"
  incus image info srv:bb/one | grep -q 'release: one'
  incus image show srv:bb/one | grep -q 'os: Bb'
  incus launch srv:bb/one c1
  expect "$(incus image list srv: -f csv -c F)" incus image list -f csv -c F type=container os=Bb
  incus image export srv:bb/one "$SUITE_DIR/exported"
  expect "$(sha256sum < "$SUITE_DIR/meta.tar.xz")" sha256sum < "$SUITE_DIR/exported"
  expect "$(sha256sum < "$SUITE_DIR/root.tar.xz")" sha256sum < "$SUITE_DIR/exported.root"
  # Lists that did not change are not sent again.
  grep -q "^304 /streams/v1/images.json" "$SUITE_DIR/requests"
  refuse "couldn't be found" incus launch srv:nothing c2
}

test_broken_downloads() {
  prepare
  make_tree
  serve_tree || return 0
  echo 200000 > "$SUITE_DIR/tree/cut"
  incus image copy srv:bb/one local: --alias resumed
  grep -q "^206 /images/.* bytes=200000-" "$SUITE_DIR/requests"
  incus launch resumed c1
  incus delete -f c1
  incus image delete resumed
  rm "$SUITE_DIR/tree/cut"
  touch "$SUITE_DIR/tree/lie"
  echo yes > "$SUITE_DIR/tree/lie"
  refuse 'Hash mismatch' incus image copy srv:bb/one local: --alias lied
  expect "" incus image list -f csv -c l lied
  expect "" sh -c "find '$INCUS_DIR/images' -name 'incus_build_*'"
  rm "$SUITE_DIR/tree/lie"
  head -c 100 /dev/zero >> "$SUITE_DIR/tree/images/"*.incus.tar.xz
  refuse 'longer than' incus image copy srv:bb/one local: --alias longer
}

# change_list PYTHON: changes what the server lists. `products`, and `item` of the metadata file.
change_list() {
  python3 - "$SUITE_DIR/tree/streams/v1/images.json" "$1" << 'E2'
import json, sys
data = json.load(open(sys.argv[1]))
products = data["products"]
items = next(iter(next(iter(products.values()))["versions"].values()))["items"]
item = next(i for i in items.values() if i["ftype"] == "incus.tar.xz")
exec(sys.argv[2])
json.dump(data, open(sys.argv[1], "w"))
E2
}

test_hostile_servers() {
  prepare
  make_tree
  serve_tree || return 0
  local tree=$SUITE_DIR/tree list=$SUITE_DIR/tree/streams/v1/images.json path
  cp "$list" "$SUITE_DIR/good"
  echo secret > "$SUITE_DIR/secret"
  # Paths that lead out of the server's folder are not asked for: what has one is not offered.
  for path in ../secret /etc/passwd images/../../secret 'http://127.0.0.1:1/x' 'images/a b' 'images/x?y' ''; do
    change_list "item['path'] = '$path'"
    : > "$SUITE_DIR/requests"
    refuse "couldn't be found|404|not found" incus image copy srv:bb/one local: --alias bad
    if grep -E 'secret|passwd' "$SUITE_DIR/requests"; then fail "$path was asked for"; fi
    cp "$SUITE_DIR/good" "$list"
  done
  # Hashes that are of other bytes, of none, or not hashes; a fingerprint that is not the one of both files.
  for path in '0' '../x' "$(printf '%064d' 0)"; do
    change_list "item['sha256'] = '$path'"
    refuse "couldn't be found|Hash mismatch|hash" incus image copy srv:bb/one local: --alias bad
    cp "$SUITE_DIR/good" "$list"
  done
  change_list "[item.update({key: '0' * 64}) for key in list(item) if key.startswith('combined_')]"
  refuse "couldn't be found|mismatch|hash|finger" incus image copy srv:bb/one local: --alias bad
  cp "$SUITE_DIR/good" "$list"
  # Lists that are none, are nested too deeply, or never end.
  for path in '{' '[]' '{"format":"products:1.0","products":{"x":5}}' "$(head -c 100000 /dev/zero | tr '\0' '[')"; do
    printf '%s' "$path" > "$list"
    refuse . incus image copy srv:bb/one local: --alias bad
  done
  truncate -s 300M "$list"
  refuse . incus image copy srv:bb/one local: --alias bad
  expect "" incus image list local: -f csv -c l bad
  expect "" sh -c "find '$INCUS_DIR/images' -name 'incus_build_*'"
  cp "$SUITE_DIR/good" "$list"
  incus image copy srv:bb/one local: --alias fine
}

test_refresh_follows_the_server() {
  prepare
  make_tree
  serve_tree || return 0
  incus image copy srv:bb/one local: --alias followed --auto-update
  local old new
  old=$(incus image list local: -f csv -c F followed)
  incus image refresh followed | grep -q 'up to date'
  make_metadata 1800000000
  (cd "$SUITE_DIR/tree" && incus-simplestreams add "$SUITE_DIR/meta.tar.xz" "$SUITE_DIR/root.tar.xz")
  incus image refresh followed | grep -q 'refreshed'
  new=$(incus image list local: -f csv -c F followed)
  [ "$old" != "$new" ] || fail "the image is still the old one"
}

test_squashfs() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'echo kept > /root/kept; ln /root/kept /root/linked; ln -s kept /root/soft; chmod 4711 /root/kept; head -c 700000 /dev/urandom > /root/big'
  local sum
  sum=$(incus exec c1 -- sha256sum /root/big)
  incus stop -f c1
  incus publish c1 --alias unified --compression squashfs
  incus publish c1 --alias divided --compression squashfs --format split
  local image
  for image in unified divided; do
    incus image export "$image" "$SUITE_DIR/$image"
    for file in "$SUITE_DIR/$image"*; do expect hsqs head -c 4 "$file"; done
    incus image delete "$image"
    incus image import "$SUITE_DIR/$image"* --alias "$image"
    incus launch "$image" "from-$image"
    expect kept incus exec "from-$image" -- cat /root/soft
    expect "4711 2" incus exec "from-$image" -- stat -c '%a %h' /root/linked
    expect "$sum" incus exec "from-$image" -- sha256sum /root/big
    incus delete -f "from-$image"
    incus image delete "$image"
  done
  incus export c1 "$SUITE_DIR/backup" --compression squashfs
  expect hsqs head -c 4 "$SUITE_DIR/backup"
  incus delete -f c1
  incus import "$SUITE_DIR/backup"
  incus start c1
  expect "$sum" incus exec c1 -- sha256sum /root/big
  # An image that is cut off or damaged gives an error and leaves nothing.
  head -c 5000 "$SUITE_DIR/backup" > "$SUITE_DIR/cut"
  refuse . incus import "$SUITE_DIR/cut" c2
  refuse . incus image import "$SUITE_DIR/cut"
  expect c1 incus list -f csv -c n
}

# A split image whose root is a squashfs file of the container: publish_root FILE CREATION_DATE
publish_root() {
  incus publish c1 --alias root --compression squashfs --format split
  incus image export root "$SUITE_DIR/root"
  mv "$SUITE_DIR/root.root" "$1"
  incus image delete root
  make_metadata "$2"
  (cd "$SUITE_DIR/tree" && incus-simplestreams add "$SUITE_DIR/meta.tar.xz" "$1" --no-default-alias --alias bb/one)
}

# add_delta FILE: says in the list that it turns the last version but one into the last.
add_delta() {
  cp "$1" "$SUITE_DIR/tree/images/delta.vcdiff"
  python3 - "$SUITE_DIR/tree" << 'E2'
import hashlib, json, sys
name = sys.argv[1] + "/streams/v1/images.json"
data, delta = json.load(open(name)), open(sys.argv[1] + "/images/delta.vcdiff", "rb").read()
versions = next(iter(data["products"].values()))["versions"]
old, new = sorted(versions)[-2:]
versions[new]["items"]["delta"] = {"ftype": "squashfs.vcdiff", "path": "images/delta.vcdiff", "size": len(delta), "sha256": hashlib.sha256(delta).hexdigest(), "delta_base": old}
json.dump(data, open(name, "w"))
E2
}

test_deltas() {
  command -v xdelta3 > /dev/null || { echo "skipped: xdelta3 is not installed"; return 0; }
  prepare
  make_tree
  (cd "$SUITE_DIR/tree" && incus-simplestreams remove "$(incus-simplestreams list -f csv | cut -d, -f1)")
  serve_tree || return 0
  incus init testimage c1
  publish_root "$SUITE_DIR/one.squashfs" 1700000000
  incus image copy srv:bb/one local: --alias followed --auto-update
  # A delta that makes something else than the image it is for.
  echo second | incus file push - c1/root/which
  publish_root "$SUITE_DIR/two.squashfs" 1800000000
  head -c 100000 "$SUITE_DIR/two.squashfs" > "$SUITE_DIR/part"
  xdelta3 -f -e -s "$SUITE_DIR/one.squashfs" "$SUITE_DIR/part" "$SUITE_DIR/delta"
  add_delta "$SUITE_DIR/delta"
  incus image refresh followed | grep -q refreshed
  grep -q 'A delta is of no use' "$SUITE_DIR/incusd.log"
  # A good one: the whole file is not asked for.
  echo third | incus file push - c1/root/which
  publish_root "$SUITE_DIR/three.squashfs" 1900000000
  xdelta3 -f -e -s "$SUITE_DIR/two.squashfs" "$SUITE_DIR/three.squashfs" "$SUITE_DIR/delta"
  add_delta "$SUITE_DIR/delta"
  : > "$SUITE_DIR/requests"
  incus image refresh followed | grep -q refreshed
  grep -q '200 /images/delta.vcdiff' "$SUITE_DIR/requests"
  if grep 'images/.*squashfs' "$SUITE_DIR/requests"; then fail "the whole root was fetched"; fi
  incus launch followed c2
  expect third incus exec c2 -- cat /root/which
  expect "" sh -c "find '$INCUS_DIR/images' -name 'incus_build_*'"
}
