# Bundles: the program, images and a preseed in one file, and the sessions that they start. The suite's own daemon is only where images come from.

make_bundle() { # make_bundle [IMAGE|FLAG...]
  incus-image bundle "$SUITE_DIR/bundle" "bb=$TEST_IMAGE" "$@" > /dev/null
  mkdir -m 711 "$SUITE_DIR/tmp"
  export TMPDIR=$SUITE_DIR/tmp
}

incusbox() { "$(readlink -f "$(command -v incus)")" "$@"; }

# say LINE...: the lines as input of a session of the bundle; its messages go to $SUITE_DIR/said.
say() { printf '%s\n' "$@" | "$SUITE_DIR/bundle" --prompt ${FOLDER:+--dir "$FOLDER"} 2> "$SUITE_DIR/said" || { cat "$SUITE_DIR/said" >&2; return 1; }; }

no_process() { # no_process FOLDER: its last letter in brackets, so that the search does not find itself
  expect "" sh -c "grep -l '${1%?}[${1: -1}]' /proc/[0-9]*/cmdline 2> /dev/null || true"
}

nothing_left() {
  expect "" ls -A "$SUITE_DIR/tmp"
  no_process "$SUITE_DIR/tmp"
  expect "" sh -c "grep '$SUITE_DIR/tmp' /proc/mounts || true"
}

test_bundle() {
  prepare
  incus create testimage c1 > /dev/null
  incus publish c1 --alias published --format split --compression squashfs > /dev/null
  mkdir "$SUITE_DIR/split"
  incus image export published "$SUITE_DIR/split/incus.tar.xz"
  mv "$SUITE_DIR/split/incus.tar.xz.root" "$SUITE_DIR/split/rootfs.squashfs"
  echo 'config: {user.word: spoken}' > "$SUITE_DIR/preseed.yaml"
  local images=("local:testimage" "$SUITE_DIR/split" "pair=$SUITE_DIR/split/incus.tar.xz,$SUITE_DIR/split/rootfs.squashfs")
  make_bundle "${images[@]}" --preseed "$SUITE_DIR/preseed.yaml"
  # It is still the program, and the same inputs give the same bytes, also where a bundle makes them. The same image is in it once.
  "$SUITE_DIR/bundle" --list | grep -q '^incusd '
  "$SUITE_DIR/bundle" incus-image bundle "$SUITE_DIR/again" "bb=$TEST_IMAGE" "${images[@]}" --preseed "$SUITE_DIR/preseed.yaml" > /dev/null
  cmp "$SUITE_DIR/bundle" "$SUITE_DIR/again"
  expect "$(printf 'bb\npair\nsplit\ntestimage\nspoken')" say 'image alias list -f csv -c a' 'config get user.word'
  grep -q '2 images added' "$SUITE_DIR/said"
  refuse 'would be called' incus-image bundle "$SUITE_DIR/twice" "x=$TEST_IMAGE" "x=$TEST_IMAGE"
  refuse 'neither a file here nor an image' incus-image bundle "$SUITE_DIR/none" nothing
  refuse 'rescue.sh: ' incus-image bundle "$SUITE_DIR/none" "$top/tests/suites/rescue.sh"
  refuse 'alias' incus-image bundle "$SUITE_DIR/none" "a b=$TEST_IMAGE"
  echo word > "$SUITE_DIR/word"
  refuse 'not a preseed' incus-image bundle "$SUITE_DIR/none" --preseed "$SUITE_DIR/word"
  expect "" sh -c "ls '$SUITE_DIR' | grep -E '^(twice|none)' || true"
}

# A machine that has a kernel and this one file: no /proc, no shell, no library, no network. Nothing is written but in the one folder.
test_bare_root() {
  make_bundle
  local root=$SUITE_DIR/bare
  mkdir -m 755 "$root"
  mv "$SUITE_DIR/bundle" "$root/bundle"
  printf '%s\n' '# a comment' 'launch bb c1' 'exec c1 -- sh -c "id -u; cat /proc/self/uid_map | wc -l"' 'list -f csv -c ns' 'stop -f c1' 'start c1' 'exec c1 -- cat /etc/hostname' |
    unshare -n env -i "$(command -v chroot)" "$root" /bundle > "$SUITE_DIR/out" 2> "$SUITE_DIR/said"
  expect "$(printf 'Launching c1\n0\n1\nc1,RUNNING\nc1')" cat "$SUITE_DIR/out"
  grep -q "ready after" "$SUITE_DIR/said"
  # What the network lacks is told.
  grep -q "no addresses by DHCP (dnsmasq isn't installed), no NAT (nft isn't installed)" "$SUITE_DIR/said"
  expect "bundle" ls -A "$root"
  # The first container is shown while the second counts: the time since the start is in the log.
  local begin
  begin=$(date +%s%N)
  printf 'launch bb c1\nlist -f csv -c ns\n' | unshare -n env -i "$(command -v chroot)" "$root" /bundle 2> /dev/null | grep -q c1,RUNNING
  echo "from start to first container listed, and all gone again: $((($(date +%s%N) - begin) / 1000000)) ms"
}

test_folders_stay() {
  make_bundle
  export FOLDER=$SUITE_DIR/kept
  expect "Launching c1" say 'launch bb c1' 'exec c1 -- touch /root/mine'
  grep -q '1 images added' "$SUITE_DIR/said"
  expect "$(printf 'c1\n/root/mine')" say 'list -f csv -c n' 'start c1' 'exec c1 -- ls /root/mine'
  grep -q '0 images added' "$SUITE_DIR/said"
  no_process "$FOLDER"
  # A shell of the machine, its exit code, and the folder of the session in it.
  expect "$FOLDER/incus" env SHELL=/bin/sh sh -c "echo 'echo \$INCUS_DIR; exit 7' | '$SUITE_DIR/bundle' --dir '$FOLDER' 2> /dev/null; [ \$? = 7 ]"
  expect "c1" incusbox rescue "$SUITE_DIR/bundle" --dir "$FOLDER" -- incus list -f csv -c n
  nothing_left
}

test_sessions_end() {
  make_bundle
  # TERM ends a session in order, KILL at once; no process and no mount stays either way.
  local signal
  for signal in TERM KILL; do
    "$SUITE_DIR/bundle" -- sh -c "incus launch bb c1; touch '$SUITE_DIR/up'; sleep 1000" > /dev/null 2>&1 &
    local pid=$!
    eventually 20 test -e "$SUITE_DIR/up"
    rm "$SUITE_DIR/up"
    kill -$signal $pid
    wait $pid || true
    [ $signal = TERM ] || eventually 5 no_process "$SUITE_DIR/tmp"
    [ $signal = TERM ] || rm -rf "$SUITE_DIR/tmp"/*
    nothing_left
  done
}

# damaged COMMAND...: a copy of the bundle that COMMAND changed.
damaged() {
  cp "$SUITE_DIR/bundle" "$SUITE_DIR/bad"
  "$@"
}

test_hostile_bundles() {
  make_bundle
  local size bad=$SUITE_DIR/bad
  size=$(stat -c %s "$SUITE_DIR/bundle")
  damaged truncate -s $((size - 1)) "$bad"
  refuse 'not a bundle' incusbox rescue "$bad" -- true
  damaged dd if=/dev/zero of="$bad" bs=1 seek=$((size - 100)) count=4 conv=notrunc status=none
  refuse 'another hash' incusbox rescue "$bad" -- true
  damaged dd if=/dev/zero of="$bad" bs=1 seek=$((size - 48)) count=8 conv=notrunc status=none
  refuse 'not where it should be' incusbox rescue "$bad" -- true
  # Bytes of an image: only the daemon finds out, and nothing of it stays.
  damaged dd if=/dev/zero of="$bad" bs=1 seek=$((size - 1000)) count=8 conv=notrunc status=none
  refuse 'bb' incusbox rescue "$bad" -- true
  command -v python3 > /dev/null || return 0
  forge '"offset":[0-9]+' '"offset":1'
  refuse 'outside of the file' incusbox rescue "$bad" -- true
  forge '"size":[0-9]+' '"size":99999999999'
  refuse 'outside of the file' incusbox rescue "$bad" -- true
  forge '"fingerprint":"[0-9a-f]{4}' '"fingerprint":"0000'
  refuse 'other bytes than promised' incusbox rescue "$bad" -- true
  forge '"aliases":\["bb"\]' '"aliases":["--all"]'
  refuse 'an alias that is none' incusbox rescue "$bad" -- true
  nothing_left
}

# forge PATTERN TEXT: the index changed, with the right hash in the trailer.
forge() {
  python3 - "$SUITE_DIR/bundle" "$SUITE_DIR/bad" "$1" "$2" << 'E2'
import hashlib, re, struct, sys
data = open(sys.argv[1], "rb").read()
offset, size = struct.unpack("<QQ", data[-48:-32])
index = re.sub(sys.argv[3].encode(), sys.argv[4].encode(), data[offset:offset + size], count=1)
open(sys.argv[2], "wb").write(data[:offset] + index + data[-64:-48] + struct.pack("<QQ", offset, len(index)) + hashlib.sha256(index).digest())
E2
}

test_no_network() {
  cat > "$SUITE_DIR/preseed.yaml" << 'E2'
storage_pools: [{name: default, driver: dir}]
networks: [{name: impossible0, type: bridge, config: {ipv4.address: 300.0.0.1/24}}]
profiles: [{name: default, devices: {root: {type: disk, path: /, pool: default}, eth0: {type: nic, network: impossible0}}}]
E2
  make_bundle --preseed "$SUITE_DIR/preseed.yaml"
  expect "$(printf 'root\nLaunching c1\nc1,RUNNING')" say 'profile device list default' 'launch bb c1' 'list -f csv -c ns'
  grep -q 'no network for containers: ' "$SUITE_DIR/said"
  nothing_left
}
