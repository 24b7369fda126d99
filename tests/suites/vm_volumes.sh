# Volumes of virtual machines, none of which is ever started: disks out of images and back into them, snapshots, copies, backups; block and ISO volumes.

# machine_image NAME SIZE: NAME.raw with a few bytes of content, NAME.qcow2 of it, and metadata.yaml beside it.
machine_image() {
  local file=$SUITE_DIR/$1
  head -c 300000 /dev/urandom > "$file.raw"
  truncate -s "$2" "$file.raw"
  echo "the end of $1" | dd of="$file.raw" bs=1 seek=$(($(stat -c %s "$file.raw") - 512)) conv=notrunc status=none
  qemu-img convert -f raw -O qcow2 "$file.raw" "$file.qcow2"
  printf 'architecture: %s\ncreation_date: 1700000000\nproperties:\n  os: %s\n' "$(uname -m)" "$1" > "$SUITE_DIR/metadata.yaml"
}

machines() { # virtual machines can be made here, or the test is over
  command -v qemu-img > /dev/null || { echo "skipped: qemu-img is missing"; exit 0; }
  incus admin init --auto > /dev/null
  incus init probe --vm --empty 2> "$SUITE_DIR/why" && { incus delete probe; return; }
  echo "skipped: $(cat "$SUITE_DIR/why")"
  exit 0
}

# An image of a 4 MiB disk in one file and in two, as `unified` and `split`.
prepare_images() {
  machines
  machine_image disk 4M
  tar -C "$SUITE_DIR" -cf "$SUITE_DIR/meta.tar" metadata.yaml
  cp "$SUITE_DIR/disk.qcow2" "$SUITE_DIR/rootfs.img"
  tar -C "$SUITE_DIR" -cJf "$SUITE_DIR/unified.tar.xz" metadata.yaml rootfs.img
  incus image import "$SUITE_DIR/meta.tar" "$SUITE_DIR/disk.qcow2" --alias split > /dev/null
  incus image import "$SUITE_DIR/unified.tar.xz" --alias unified > /dev/null
}

disk_of() { echo "$INCUS_DIR/storage-pools/${2:-default}/virtual-machines/$1/root.img"; }
size_of() { stat -c %s "$(disk_of "$@")"; }
starts_with_image() { cmp -n 4194304 "$SUITE_DIR/disk.raw" "$1"; }

test_disks_from_images() {
  prepare_images
  local name
  for name in unified split; do
    expect VIRTUAL-MACHINE incus image list "$name" -f csv -c t
    incus init "$name" "$name-1"
    expect 10737418240 size_of "$name-1"
    starts_with_image "$(disk_of "$name-1")"
    [ "$(stat -c %b "$(disk_of "$name-1")")" -lt 4096 ] || fail "the disk has no holes"
    [ ! -e "$(dirname "$(disk_of "$name-1")")/rootfs.img" ] || fail "the packed disk is still there"
    expect "$name-1" sh -c "sed -n 's/^  name: //p' '$INCUS_DIR/virtual-machines/$name-1/backup.yaml' | head -1"
  done
  expect "virtual-machine,block" sh -c "incus storage volume list default name=split-1 -f csv -c tc | sort -u"
  # A size of one's own, up to what the image needs; growing, never shrinking.
  incus init split sized -d root,size=20MiB
  expect 20971520 size_of sized
  refuse 'exceeds specified volume size' incus init split small -d root,size=2MiB
  incus config device set sized root size=30MiB
  expect 31457280 size_of sized
  refuse 'shrunk' incus config device set sized root size=25MiB
  expect 31457280 size_of sized
  incus storage set default volume.size=50MiB
  incus init split pooled
  expect 52428800 size_of pooled
  incus rebuild split sized
  expect 31457280 size_of sized
  incus rebuild --empty sized
  cmp -n 4194304 /dev/zero "$(disk_of sized)"
}

# Whatever a disk claims, nothing is read but the disk itself, and a refusal leaves nothing behind.
test_hostile_disks() {
  prepare_images
  local kind
  echo secret > "$SUITE_DIR/secret"
  chmod 644 "$SUITE_DIR/secret"
  qemu-img create -q -f qcow2 -F raw -b "$SUITE_DIR/secret" "$SUITE_DIR/backed.qcow2" 1M
  qemu-img create -q -f qcow2 -o "data_file=$SUITE_DIR/data,data_file_raw=on" "$SUITE_DIR/external.qcow2" 1M
  qemu-img create -q -f qcow2 "$SUITE_DIR/huge.qcow2" 60T
  head -c 66000 "$SUITE_DIR/disk.qcow2" > "$SUITE_DIR/cut.qcow2"
  { printf 'QFI\xfb'; head -c 70000 /dev/urandom; } > "$SUITE_DIR/noise.qcow2"
  for kind in backed:'backing file' external:'another file' huge:'at most' cut:damaged noise:version; do
    incus image import "$SUITE_DIR/meta.tar" "$SUITE_DIR/${kind%%:*}.qcow2" --alias "${kind%%:*}" > /dev/null
    refuse "${kind#*:}" incus init "${kind%%:*}" victim --vm
    refuse 'not found' incus config show victim
  done
  # Links and folders where the disk should be.
  mkdir "$SUITE_DIR/tree"
  cp "$SUITE_DIR/metadata.yaml" "$SUITE_DIR/tree"
  ln -s "$SUITE_DIR/disk.qcow2" "$SUITE_DIR/tree/rootfs.img"
  tar -C "$SUITE_DIR/tree" -cf "$SUITE_DIR/link.tar" metadata.yaml rootfs.img
  incus image import "$SUITE_DIR/link.tar" --alias link > /dev/null
  refuse . incus init link victim --vm
  expect "" ls "$INCUS_DIR/virtual-machines"
  expect "" sh -c "ls -A '$INCUS_DIR/storage-pools/default/virtual-machines' '$INCUS_DIR/storage-pools/default/images' | grep -v :"
}

test_snapshots_copies_moves() {
  prepare_images
  incus init split v1 -d root,size=12MiB
  echo first | dd of="$(disk_of v1)" conv=notrunc status=none
  incus snapshot create v1 s0
  echo second | dd of="$(disk_of v1)" conv=notrunc status=none
  incus copy v1 v2
  cmp "$(disk_of v1)" "$(disk_of v2)"
  expect first head -c 5 "$INCUS_DIR/virtual-machines-snapshots/v2/s0/root.img"
  incus copy v1/s0 v3 -d root,size=16MiB
  expect first head -c 5 "$(disk_of v3)"
  expect 16777216 size_of v3
  incus snapshot restore v1 s0
  expect first head -c 5 "$(disk_of v1)"
  echo third | dd of="$(disk_of v1)" conv=notrunc status=none
  incus snapshot create v1 s1
  incus copy v1 v2 --refresh
  cmp "$(disk_of v1)" "$(disk_of v2)"
  expect third head -c 5 "$INCUS_DIR/virtual-machines-snapshots/v2/s1/root.img"
  [ "$(stat -c %b "$(disk_of v2)")" -lt 4096 ] || fail "the refreshed disk has no holes"
  incus storage create other dir
  incus move v2 -s other
  cmp "$(disk_of v1)" "$(disk_of v2 other)"
  incus rename v1 v4
  expect third head -c 5 "$INCUS_DIR/virtual-machines/v4/root.img"
  incus delete v2 v3
  expect v4 ls "$INCUS_DIR/virtual-machines"
  expect v4 ls "$INCUS_DIR/virtual-machines-snapshots"
}

test_backups_and_publishing() {
  prepare_images
  incus init split v1 -d root,size=12MiB
  incus snapshot create v1 s0
  echo changed | dd of="$(disk_of v1)" conv=notrunc status=none
  cp "$(disk_of v1)" "$SUITE_DIR/wanted.raw"
  incus export v1 "$SUITE_DIR/v1.tar.gz" > /dev/null
  for member in backup/virtual-machine.img backup/virtual-machine/backup.yaml backup/virtual-machine-snapshots/s0.img; do
    tar -tzf "$SUITE_DIR/v1.tar.gz" | grep -qx "$member"
  done
  for format in unified split; do
    incus publish v1 --alias "published-$format" --format "$format" > /dev/null
    expect VIRTUAL-MACHINE incus image list "published-$format" -f csv -c t
    incus init "published-$format" "from-$format" -d root,size=12MiB
    cmp "$SUITE_DIR/wanted.raw" "$(disk_of "from-$format")"
  done
  incus image export published-split "$SUITE_DIR/exported" > /dev/null
  qemu-img compare -f raw -F qcow2 "$SUITE_DIR/wanted.raw" "$SUITE_DIR/exported.root"* > /dev/null
  incus delete v1
  incus import "$SUITE_DIR/v1.tar.gz" > /dev/null
  cmp "$SUITE_DIR/wanted.raw" "$(disk_of v1)"
  [ "$(stat -c %b "$(disk_of v1)")" -lt 4096 ] || fail "the imported disk has no holes"
  starts_with_image "$INCUS_DIR/virtual-machines-snapshots/v1/s0/root.img"
  incus delete v1
  incus import "$SUITE_DIR/v1.tar.gz" v2 -d root,size=20MiB > /dev/null
  expect 20971520 size_of v2
  incus delete v2
  # A backup without its disk is none.
  mkdir "$SUITE_DIR/unpacked"
  tar -C "$SUITE_DIR/unpacked" -xzf "$SUITE_DIR/v1.tar.gz"
  tar -C "$SUITE_DIR/unpacked" -cf "$SUITE_DIR/diskless.tar" backup/index.yaml backup/virtual-machine backup/virtual-machine-snapshots
  refuse 'virtual-machine.img' incus import "$SUITE_DIR/diskless.tar" v3
  refuse 'not found' incus config show v3
}

test_recovery() {
  prepare_images
  incus init split v1 -d root,size=12MiB
  incus snapshot create v1 s0
  cp "$(disk_of v1)" "$SUITE_DIR/wanted.raw"
  incus admin sql global "DELETE FROM instances WHERE name = 'v1'; DELETE FROM storage_volumes WHERE name = 'v1'" > /dev/null
  stop_daemon KILL
  start_daemon
  expect "" incus list -f csv
  printf 'no\nyes\nyes\n' | incus admin recover > /dev/null
  expect "v1,VIRTUAL-MACHINE,1" incus list -f csv -c ntS
  cmp "$SUITE_DIR/wanted.raw" "$(disk_of v1)"
}

test_block_and_iso_volumes() {
  machines
  local volumes=$INCUS_DIR/storage-pools/default/custom
  incus storage volume create default plain --type=block
  expect 10737418240 stat -c %s "$volumes/default_plain/root.img"
  incus storage volume create default data --type=block size=8MiB
  echo content | dd of="$volumes/default_data/root.img" conv=notrunc status=none
  incus storage volume set default data size=9MiB
  expect 9437184 stat -c %s "$volumes/default_data/root.img"
  refuse 'shrunk' incus storage volume set default data size=8MiB
  incus storage volume snapshot create default data s0
  incus storage volume copy default/data default/copied
  cmp "$volumes/default_data/root.img" "$volumes/default_copied/root.img"
  incus storage volume export default data "$SUITE_DIR/data.tar.gz" > /dev/null
  incus storage volume import default "$SUITE_DIR/data.tar.gz" imported > /dev/null
  cmp "$volumes/default_data/root.img" "$volumes/default_imported/root.img"
  echo altered | dd of="$volumes/default_copied/root.img" conv=notrunc status=none
  incus storage volume copy default/data default/copied --refresh
  cmp "$volumes/default_data/root.img" "$volumes/default_copied/root.img"
  head -c 70000 /dev/urandom > "$SUITE_DIR/cd.iso"
  incus storage volume import default "$SUITE_DIR/cd.iso" cd --type=iso > /dev/null
  cmp "$SUITE_DIR/cd.iso" "$volumes/default_cd/root.iso"
  expect "iso" sh -c "incus storage volume show default cd | sed -n 's/^content_type: //p'"
  # What is a virtual machine's can't be a container's.
  incus init v1 --vm --empty
  incus storage volume attach default data v1
  incus storage volume attach default cd v1
  incus image import "$TEST_IMAGE" --alias testimage > /dev/null
  incus init testimage c1
  refuse 'block' incus storage volume attach default data c1 /mnt
  refuse 'ISO|iso' incus storage volume attach default cd c1 /mnt
  refuse 'in use|used by' incus storage volume delete default data
  incus delete v1
  incus storage volume delete default data
}

# On btrfs: subvolumes, disks written in place, copies that share blocks.
test_btrfs() {
  prepare_images
  truncate -s 400M "$SUITE_DIR/btrfs.img"
  if ! command -v mkfs.btrfs > /dev/null || ! incus storage create fast btrfs size=400MiB 2> "$SUITE_DIR/why"; then
    echo "skipped: $(cat "$SUITE_DIR/why")"
    return
  fi
  incus init split v1 -s fast -d root,size=12MiB
  starts_with_image "$(disk_of v1 fast)"
  lsattr "$(disk_of v1 fast)" | cut -d' ' -f1 | grep -q C
  incus snapshot create v1 s0
  echo changed | dd of="$(disk_of v1 fast)" conv=notrunc status=none
  incus copy v1 v2
  cmp "$(disk_of v1 fast)" "$(disk_of v2 fast)"
  incus snapshot restore v1 s0
  starts_with_image "$(disk_of v1 fast)"
  incus move v2 -s default
  expect changed head -c 7 "$(disk_of v2)"
  incus delete v1 v2
  incus image delete split unified
  incus storage delete fast
}
