# What upstream's suites for virtual machines check (storage_vm, storage_volumes_vm, storage_disks_vm, cpu_vm, guestapi_vm), with our small guest: as
# much as one boot can show. VM_TEST_IMAGE names the guest's image.

. "$top/tests/lib/vm.sh"

api_in_v1() { in_v1 "INCUS_SOCKET=/dev/incus/sock /proc/1/exe incus query --raw $*"; }

# node NAME: the SCSI disk that has this name, as udev's links in /dev/disk/by-id would say. There is no udev in the small guest.
install_node() {
  cat > "$SUITE_DIR/node" << 'END'
#!/bin/sh
for disk in /sys/block/s[dr]*; do
  grep -qs "incus_$1\$" "$disk/device/vpd_pg83" && echo "/dev/${disk##*/}" && exit 0
done
exit 1
END
  incus file push --mode 755 "$SUITE_DIR/node" v1/usr/bin/node
}
has_disk() { in_v1 "node $1" > /dev/null; }
has_no_disk() { in_v1 true && ! has_disk "$1"; }

# Disks of an instance in a restricted project: what may not be shared is refused when it is added, or when the machine would start.
test_vm_restricted_disks() {
  vm_prepare
  local root=$SUITE_DIR/shares
  mkdir -p "$root"/allowed/own "$root/also" "$root/forbidden"
  ln -s "$root/forbidden" "$root/allowed/out"
  ln -s "$root/also" "$root/allowed/across"
  ln -s own "$root/allowed/within"
  incus project create narrow -c features.images=false -c restricted=true -c restricted.devices.disk=allow \
    -c restricted.devices.disk.paths="$root/allowed,$root/also"
  incus project switch narrow
  incus profile device add default root disk path=/ pool=default
  vm_init v1
  refuse . incus config device add v1 share disk source=foo path=/mnt
  refuse . incus config device add v1 share disk source="$root/forbidden" path=/mnt
  incus config device add v1 share disk source="$root/allowed/out" path=/mnt
  refuse . incus start v1
  refuse . incus config device set v1 share source="$root/../forbidden"
  incus config device set v1 share source="$root/allowed/across"
  refuse . incus start v1
  incus config device set v1 share source="$root/allowed" shift=true
  refuse . incus start v1
  incus config device set v1 share source="$root/allowed/within" shift=false
  incus start v1
  incus stop -f v1
  refuse . incus config set v1 raw.idmap="both 1000 1000"
  incus project set narrow restricted.idmap.uid=1000
  refuse . incus config set v1 raw.idmap="gid 1000 1000"
  incus config set v1 raw.idmap="uid 1000 1000"
  refuse . incus project unset narrow restricted.idmap.uid
  incus delete v1
  incus profile device remove default root
  incus project switch default
  incus project delete narrow
}

disks_before_boot() {
  mkdir -p "$SUITE_DIR/share"
  echo word > "$SUITE_DIR/share/file"
  chmod 755 "$SUITE_DIR/share"
  truncate -s 5M "$SUITE_DIR/blocks"
  incus config device add v1 writable disk source="$SUITE_DIR/share" path=/srv/rw
  incus config device add v1 readable disk source="$SUITE_DIR/share" path=/srv/ro readonly=true
  incus config device add v1 sealed disk source="$SUITE_DIR/blocks" readonly=true
  incus config device add v1 open disk source="$SUITE_DIR/blocks"
  incus storage volume create default files size=10MiB
  incus storage volume attach default files v1 files /files
  incus storage volume create default first --type=block size=10MiB
  incus storage volume attach default first v1
}

check_shares() {
  expect 1 in_v1 'grep -c " /srv/rw " /proc/mounts'
  expect 1 in_v1 'grep -c " /srv/ro " /proc/mounts'
  expect word in_v1 'cat /srv/rw/file /srv/ro/file | uniq'
  expect 0:0 in_v1 'stat -c %u:%g /srv/rw'
  in_v1 'echo new > /srv/rw/made'
  expect 0:0:new sh -c "stat -c %u:%g '$SUITE_DIR/share/made' | tr '\n' : && cat '$SUITE_DIR/share/made'"
  in_v1 'echo here > /files/file'
  # Whatever the guest makes of its mount, the host does not let it write.
  in_v1 'mount -o remount,rw /srv/ro; true'
  local attempt
  for attempt in 'touch /srv/ro/more' 'mkdir /srv/ro/more' 'rm /srv/ro/file' 'chmod 777 /srv/ro'; do
    refuse . in_v1 "$attempt"
  done
  [ "$(ls "$SUITE_DIR/share" | xargs)" = "file made" ] || fail "$(ls "$SUITE_DIR/share")"
}

check_config_drive() { # Debian's cloud kernel has no 9p: what QEMU was told has to do
  grep -A5 '^\[fsdev "qemu_config"\]' "$INCUS_DIR/run/v1/qemu.conf" | grep -q '^readonly = "on"'
}

check_block_disks() {
  local name
  expect 10737418240 in_v1 'blockdev --getsize64 $(node root)'
  for name in root sealed open first; do has_disk $name || fail "no disk $name"; done
  refuse . in_v1 'head -c 1024 /dev/urandom > $(node sealed)'
  in_v1 'head -c 1024 /dev/zero | tr "\0" x | dd of=$(node open) bs=512 conv=fsync'
  expect xxxx head -c 4 "$SUITE_DIR/blocks"
  in_v1 'echo content | dd of=$(node first) bs=512 conv=sync,fsync'
  # Plugged while it runs.
  incus storage volume create default second --type=block size=10MiB
  incus storage volume attach default second v1
  eventually 10 has_disk second
  incus storage volume detach default second v1
  eventually 10 has_no_disk second
  incus storage volume delete default second
}

check_processors() {
  expect 2 incus exec v1 -- nproc
  expect 1 in_v1 'cat /sys/devices/system/cpu/cpu*/topology/physical_package_id | sort -u | wc -l'
  # Each of the machine's processors stays on its own of the host's; threads that a pinned one began do as well.
  expect "0 1" sh -c "sed -n 's/^Cpus_allowed_list:[[:space:]]*\\([01]\\)\$/\\1/p' /proc/$(machine_process)/task/*/status | sort -u | xargs"
}

check_guest_api() {
  api_in_v1 /1.0 | grep -q '"state":"Started"'
  api_in_v1 /1.0/devices | grep -q '"sealed"'
  api_in_v1 /1.0/config | grep -q '"/1.0/config/user.word"'
  api_in_v1 /1.0/meta-data | grep -q '#cloud-config'
  local state
  for state in Ready:true Started:false Ready:true; do
    api_in_v1 "-X PATCH -d '{\"state\":\"${state%:*}\"}' /1.0"
    expect "${state#*:}" incus config get v1 volatile.last_state.ready
  done
}

test_vm_devices() {
  [ -n "${VM_LONG:-}" ] || { echo "skipped: a boot of its own; VM_LONG=1 runs it"; return; }
  vm_prepare
  vm_init v1 -c limits.cpu=0-1 -c user.word=hello
  disks_before_boot
  vm_boot v1
  install_node
  check_shares
  check_config_drive
  check_block_disks
  check_processors
  check_guest_api
  expect "$(incus config get v1 volatile.uuid.generation)" sed -n '/vmgenid/,/guid/s/^guid = "\(.*\)"/\1/p' "$INCUS_DIR/run/v1/qemu.conf"
  incus config device override v1 root size=11GiB
  expect 11811160064 stat -c %s "$INCUS_DIR/storage-pools/default/virtual-machines/v1/root.img"
  in_v1 sync
  incus stop -f v1
  expect false incus config get v1 volatile.last_state.ready
  refuse . incus config device set v1 root size=9GiB
  incus storage volume detach default first v1
  incus storage volume export default first "$SUITE_DIR/first.tar.gz"
  incus storage volume import default "$SUITE_DIR/first.tar.gz" third
  expect content head -n 1 "$INCUS_DIR/storage-pools/default/custom/default_third/root.img"
  expect here cat "$INCUS_DIR/storage-pools/default/custom/default_files/file"
  incus delete v1
  incus storage volume delete default first
  incus storage volume delete default third
  incus storage volume delete default files
}
