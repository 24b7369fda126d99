# System calls that containers have answered by the daemon (security.syscalls.intercept.*).

intercepted() { # intercepted NAME KEY...: a container with these interceptions on
  local name=$1
  shift
  incus init testimage "$name"
  for key in "$@"; do incus config set "$name" "security.syscalls.intercept.$key"; done
  incus start "$name"
}

test_mknod() {
  prepare
  incus launch testimage plain
  refuse 'Operation not permitted' incus exec plain -- mknod /root/null c 1 3
  intercepted c1 mknod=true
  # On the root file system, and in /dev, which the container mounted itself: there a node of the host's is bound.
  for place in /root/null /dev/mine null; do
    incus exec c1 --cwd /tmp -- mknod -m 640 "$place" c 1 3
    expect "1:3 640 0:0" incus exec c1 --cwd /tmp -- stat -c '%t:%T %a %u:%g' "$place"
    incus exec c1 --cwd /tmp -- sh -c "echo gone > $place; cat $place"
  done
  refuse 'File exists' incus exec c1 -- mknod /root/null c 1 3
  refuse 'Operation not permitted' incus exec c1 -- mknod /root/disk b 8 0
  refuse 'Operation not permitted' incus exec c1 -- mknod /root/mem c 1 1
  # The rights of the caller count, not ours.
  refuse 'not permitted|denied' incus exec c1 --user 1000 -- mknod /root/other c 1 3
  refuse 'not permitted|denied' incus exec c1 --user 1000 -- mknod /tmp/other c 1 3
  # Nothing is left in the devices folder, and init's own children are served as commands are.
  expect "" find "$INCUS_DIR/devices/c1" -name 'forkmknod*'
  stop_daemon
  start_daemon
  incus exec c1 -- mknod /root/later c 1 5
  expect "1:5" incus exec c1 -- stat -c %t:%T /root/later
}

test_sysinfo() {
  prepare
  intercepted c1 sysinfo=true
  incus config set c1 limits.memory=64MiB
  # What busybox subtracts is the host's cache, so only the total makes sense.
  incus exec c1 -- free -k | grep -q '^Mem: *65536'
  incus config set c1 limits.memory=
  expect 0 sh -c "incus exec c1 -- free -k | grep -c '^Mem: *65536' || true"
}

test_mount() {
  command -v mkfs.ext4 > /dev/null && losetup -f > /dev/null 2>&1 || { echo "skipped: no mkfs.ext4 or no loop devices"; return; }
  prepare
  truncate -s 16M "$SUITE_DIR/disk"
  mkfs.ext4 -q "$SUITE_DIR/disk"
  loop=$(losetup --show -f "$SUITE_DIR/disk")
  trap 'losetup -d "$loop"' EXIT
  intercepted c1 mount=true mount.allowed=ext4 mount.shift=true
  incus config device add c1 disk unix-block source="$loop" path=/dev/disk
  incus exec c1 -- mount -t ext4 /dev/disk /mnt
  expect "0:0" incus exec c1 -- stat -c %u:%g /mnt
  incus exec c1 -- sh -c 'echo there > /mnt/file'
  expect there incus exec c1 -- cat /mnt/file
  incus exec c1 -- grep -q '/dev/disk /mnt ext4 .*nodev' /proc/mounts
  incus exec c1 -- umount /mnt
  # Not with another file system, not by another user, not a disk that the user may not read.
  incus config set c1 security.syscalls.intercept.mount.allowed=xfs
  refuse 'permission denied' incus exec c1 -- mount -t ext4 /dev/disk /mnt
  incus config set c1 security.syscalls.intercept.mount.allowed=ext4
  refuse 'not permitted|must be|denied|root' incus exec c1 --user 1000 -- mount -t ext4 /dev/disk /mnt
  incus exec c1 -- mount -t ext4 /dev/disk /mnt
  incus stop -f c1
}

test_policy() {
  prepare
  intercepted c1 mknod=true
  grep -q '^mknod notify' "$INCUS_DIR/run/c1/seccomp"
  grep -q 'lxc.seccomp.notify.proxy = unix:' "$INCUS_DIR/run/c1/lxc.conf"
  incus stop -f c1
  incus config set c1 security.privileged=true
  incus start c1
  expect 0 sh -c "grep -c notify '$INCUS_DIR/run/c1/lxc.conf' || true"
  incus stop -f c1
  incus config set c1 security.privileged=false security.syscalls.deny="mkdir errno 1
mkdirat errno 1" security.syscalls.deny_compat=true
  incus start c1
  refuse 'not permitted' incus exec c1 -- mkdir /root/folder
  incus exec c1 -- mknod /root/null c 1 3
}
