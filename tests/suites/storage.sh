# Custom volumes, the daemon's own volumes, and what happens when storage fails: clear errors, nothing half-made, everything else goes on.

test_volume_files_and_rebuild() {
  prepare
  incus storage volume create default data user.k=v
  echo content > "$SUITE_DIR/file"
  incus storage volume file push "$SUITE_DIR/file" default data/sub/file --create-dirs
  expect content incus storage volume file pull default data/sub/file -
  expect content cat "$INCUS_DIR/storage-pools/default/custom/default_data/sub/file"
  # A link in the volume leads to the volume's own root, never the host's.
  ln -s /etc/passwd "$INCUS_DIR/storage-pools/default/custom/default_data/out"
  refuse . incus storage volume file pull default data/out/. "$SUITE_DIR/x"
  refuse 'does not exist' incus storage volume file pull default data/none -
  incus storage volume snapshot create default data s0
  refuse 'snapshots' incus storage volume rebuild default data
  incus storage volume snapshot delete default data s0
  incus storage volume rebuild default data
  expect "" ls -A "$INCUS_DIR/storage-pools/default/custom/default_data"
  expect v incus storage volume get default data user.k
  incus storage volume delete default data
}

# Whoever is outside sees, and sets, the owners that the instance sees: attached, and detached again.
test_owners_in_attached_volumes() {
  prepare
  incus launch testimage c1
  incus storage volume create default data
  incus storage volume attach default data c1 data /data
  mkdir "$SUITE_DIR/tree"
  echo content > "$SUITE_DIR/tree/file"
  chown 1000:1001 "$SUITE_DIR/tree/file"
  incus storage volume file push -p -r "$SUITE_DIR/tree" default data/tree
  expect 1000:1001 incus exec c1 -- sh -c 'stat -c %u:%g $(find /data -name file)'
  incus exec c1 -- sh -c 'echo own > /data/own; chown 5:6 /data/own'
  incus storage volume detach default data c1
  incus storage volume file pull default data/own "$SUITE_DIR/own"
  expect own cat "$SUITE_DIR/own"
  incus storage volume file push --uid 7 --gid 8 "$SUITE_DIR/own" default data/other
  incus storage volume attach default data c1 data /data
  expect 7:8 incus exec c1 -- stat -c %u:%g /data/other
  incus config device remove c1 data
  incus storage volume delete default data
}

# The limits reach the control group, at the start and while it runs, where the host can limit I/O at all.
test_disk_limits() {
  prepare
  incus init testimage c1
  refuse 'Invalid I/O limit' incus config device override c1 root limits.read=fast
  incus config device override c1 root limits.read=10MB
  if ! incus start c1 2> "$SUITE_DIR/why"; then
    grep -qE 'controller is missing|need a block device' "$SUITE_DIR/why" || fail "$(cat "$SUITE_DIR/why")"
    echo "skipped: $(cat "$SUITE_DIR/why")"
    return
  fi
  limits() { # in every io.max, or in every throttle file, of the container
    local pid group
    pid=$(incus query /1.0/instances/c1/state | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -1)
    group=$(sed -n 's/.*\(lxc\.payload\.[^/]*\).*/\1/p' "/proc/$pid/cgroup" | head -1)
    find /sys/fs/cgroup -maxdepth 6 -path "*/$group/*" \( -name io.max -o -name 'blkio.throttle.*_device' \) -exec cat {} +
  }
  limits | grep -qE '10000000'
  incus config device set c1 root limits.read=20MB
  limits | grep -qE '20000000'
  incus config device unset c1 root limits.read
  expect "" sh -c "echo '$(limits)' | grep -oE '[0-9]{8}' || true"
}

test_dependent_volumes() {
  prepare
  incus init testimage c1
  incus storage volume create default data
  incus storage volume attach default data c1 data /mnt
  incus config device set c1 data dependent=true
  expect true incus storage volume get default data dependent
  incus snapshot create c1 s0
  expect "1" sh -c 'incus storage volume snapshot list default data -f csv | wc -l'
  refuse 'not allowed' incus storage volume snapshot delete default data s0
  incus init testimage c2
  refuse 'more than one' incus storage volume attach default data c2 data /mnt
  # The copy gets a volume of its own, with the snapshot.
  refuse 'different' incus copy c1 c3
  incus copy c1 c3 -d data,source=data3
  expect true incus storage volume get default data3 dependent
  expect "1" sh -c 'incus storage volume snapshot list default data3 -f csv | wc -l'
  echo kept > "$INCUS_DIR/storage-pools/default/custom/default_data/file"
  incus export c1 "$SUITE_DIR/c1.tar.gz"
  incus delete -f c1 c3
  expect "" sh -c 'incus storage volume list default type=custom -f csv'
  incus import "$SUITE_DIR/c1.tar.gz"
  expect kept cat "$INCUS_DIR/storage-pools/default/custom/default_data/file"
  incus delete -f c1
}

test_own_volumes() {
  prepare
  incus storage volume create default images
  incus storage volume create default full
  touch "$INCUS_DIR/storage-pools/default/custom/default_full/x"
  refuse 'pool' incus config set storage.images_volume=none/images
  refuse "empty" incus config set storage.images_volume=default/full
  find "$INCUS_DIR/images/" -type f | sort > "$SUITE_DIR/before"
  incus config set storage.images_volume=default/images
  find "$INCUS_DIR/images/" -type f | sort | diff "$SUITE_DIR/before" -
  [ -L "$INCUS_DIR/images" ] || fail "images/ is no link"
  refuse 'in use' incus storage volume delete default images
  incus init testimage c1
  stop_daemon KILL
  start_daemon
  incus image export testimage "$SUITE_DIR/out"
  incus config unset storage.images_volume
  find "$INCUS_DIR/images/" -type f | sort | diff "$SUITE_DIR/before" -
  [ ! -L "$INCUS_DIR/images" ] || fail "images/ is still a link"
  expect "" ls -A "$INCUS_DIR/storage-pools/default/custom/default_images"
  incus storage volume delete default images
}

test_missing_pool_folder() {
  prepare
  mkdir "$SUITE_DIR/source"
  incus storage create other dir source="$SUITE_DIR/source"
  incus init testimage c1 -s other
  stop_daemon
  mv "$SUITE_DIR/source" "$SUITE_DIR/away"
  start_daemon
  refuse 'other' incus start c1
  refuse 'other' incus init testimage c2 -s other
  # Other pools, and what is only in the database, are untouched.
  incus init testimage c3
  expect STOPPED incus list c1 -c s -f csv
  expect "" sh -c "grep '$SUITE_DIR/source' /proc/self/mounts || true"
  mv "$SUITE_DIR/away" "$SUITE_DIR/source"
  incus start c1
  incus delete -f c1 c3
  incus storage delete other
}

test_second_daemon_waits() {
  prepare
  refuse 'already running' incusd
  # One that is told to end is followed without a pause.
  incus admin shutdown
  start_daemon
  expect "" incus list -f csv
}

# Where copies cost as much as unpacking, an image's first instance is unpacked in place; what further ones are copied from comes after it.
test_first_instance_of_an_image() {
  mkdir "$SUITE_DIR/tm"
  mount -t tmpfs tmpfs "$SUITE_DIR/tm"
  incus storage create tm dir source="$SUITE_DIR/tm"
  local pool=$INCUS_DIR/storage-pools/tm image hash
  incus image import "$TEST_IMAGE" --alias x > /dev/null
  image=$(incus image list x -f csv -c F)
  mkdir -p "$pool/images"
  mount -t tmpfs -o ro tmpfs "$pool/images"
  incus init x c1 --no-profiles -s tm
  refuse . incus init x c2 --no-profiles -s tm
  umount "$pool/images"
  incus init x c2 --no-profiles -s tm
  [ -d "$pool/images/$image/rootfs" ]
  hash=$(cd "$pool/containers/c1" && find rootfs metadata.yaml -printf '%p %m %U %G %T@ %s\n' | grep -v '^rootfs ' | sort | sha256sum)
  expect "$hash" sh -c "cd '$pool/containers/c2' && find rootfs metadata.yaml -printf '%p %m %U %G %T@ %s\n' | grep -v '^rootfs ' | sort | sha256sum"
  incus image delete x
  [ ! -e "$pool/images/$image" ]
  # Without anybody asking for a second one.
  incus image import "$TEST_IMAGE" --alias x > /dev/null
  incus init x c3 --no-profiles -s tm
  eventually 10 test -d "$pool/images/$image/rootfs"
  incus delete c1 c2 c3
  # One that fails leaves nothing, and the next one is the first again.
  mkdir -p "$SUITE_DIR/bad/rootfs"
  printf 'architecture: %s\ncreation_date: 1\n' "$(uname -m)" > "$SUITE_DIR/bad/metadata.yaml"
  ln -s / "$SUITE_DIR/bad/rootfs/out"
  tar -C "$SUITE_DIR/bad" -cf "$SUITE_DIR/bad.tar" metadata.yaml rootfs
  tar -C "$SUITE_DIR" --transform 's,.*,rootfs/out/evil,' -rf "$SUITE_DIR/bad.tar" bad/metadata.yaml
  incus image import "$SUITE_DIR/bad.tar" --alias bad > /dev/null
  for _ in 1 2; do refuse 'not a folder' incus init bad c4 --no-profiles -s tm; done
  expect "" ls "$pool/containers"
  incus image delete bad x
  incus storage delete tm
}
