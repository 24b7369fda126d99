# Devices and other things of the host in running containers.

test_unix_device_comes_and_goes() {
  mkdir -p "$SUITE_DIR/dev"
  stop_daemon
  INCUS_DEVMONITOR_DIR=$SUITE_DIR/dev start_daemon
  prepare
  incus launch testimage c1
  incus config device add c1 d unix-char required=false source="$SUITE_DIR/dev/deep/node" path=/dev/node
  refuse . incus exec c1 -- stat /dev/node
  mkdir "$SUITE_DIR/dev/deep"
  mknod "$SUITE_DIR/dev/deep/node" c 1 3
  eventually 5 incus exec c1 -- test -c /dev/node
  expect "1 3" incus exec c1 -- stat -c '%t %T' /dev/node
  rm "$SUITE_DIR/dev/deep/node"
  eventually 5 sh -c "! incus exec c1 -- stat /dev/node"
  # Another node of the same name takes its place.
  mknod "$SUITE_DIR/dev/deep/node" c 1 5
  eventually 5 incus exec c1 -- test -c /dev/node
  expect "1 5" incus exec c1 -- stat -c '%t %T' /dev/node
}

test_user_keys_on_devices() {
  prepare
  incus init testimage c1
  incus config device override c1 root user.note=hello
  expect hello incus config device get c1 root user.note
  refuse 'Invalid device option' incus config device set c1 root note=hello
}

test_credentials() {
  prepare
  incus launch testimage c1 -c systemd.credential.foo=bar
  expect 100 incus exec c1 -- stat -c %a /dev/.incus-systemd-credentials
  expect bar incus exec c1 -- cat /dev/.incus-systemd-credentials/foo
  incus config set c1 systemd.credential-binary.xxx=eXl5
  expect yyy incus exec c1 -- cat /dev/.incus-systemd-credentials/xxx
  incus config unset c1 systemd.credential.foo
  expect xxx incus exec c1 -- ls /dev/.incus-systemd-credentials
  refuse 'credential' incus config set c1 systemd.credential.../x=1
}

test_port_forward() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'ip link set lo up; nc -l -p 4321 -e echo hello' &
  eventually 5 incus exec c1 -- grep -q ':10E1 ' /proc/net/tcp /proc/net/tcp6
  forward() { curl -s -i --max-time 60 --unix-socket "$INCUS_DIR/unix.socket" -H 'Connection: Upgrade' -H "Upgrade: $1" -d "$2" http://incus/1.0/instances/c1/port-forward; }
  forward tcp '{"port":4321}' > "$SUITE_DIR/answer" || true
  grep -q '^HTTP/1.1 101' "$SUITE_DIR/answer"
  grep -q hello "$SUITE_DIR/answer"
  forward tcp '{"port":0}' | grep -q 'Invalid port'
  forward tcp '{"port":1,"address":"example.org"}' | grep -q 'Invalid address'
  forward h2c '{"port":4321}' | grep -q 'upgrade header'
  forward tcp '{"port":4322}' | grep -q 'Failed getting instance port forward connection'
}

# More commands than the daemon has threads: none of them may cost one.
test_many_idle_commands() {
  prepare
  incus launch testimage c1
  for _ in $(seq 150); do incus query -X POST -d '{"command":["sleep","300"]}' /1.0/instances/c1/exec > "$SUITE_DIR/operation"; done
  eventually 30 sh -c 'test "$(incus exec c1 -- ps | grep -c "sleep 300")" = 150'
  [ "$(ls "/proc/$DAEMON_PID/task" | wc -l)" -lt 64 ] || fail "a thread for every command"
  expect hi timeout 60 incus exec c1 -- echo hi
  incus stop -f c1
  eventually 30 sh -c '! incus query /1.0/operations | grep -q running'
}

test_instance_types_and_scores() {
  prepare
  incus launch testimage c1 -t c0.5-m0.2
  expect 1 incus config get c1 limits.cpu
  expect 50% incus config get c1 limits.cpu.allowance
  expect 204MiB incus config get c1 limits.memory
  refuse "doesn't exist" incus init testimage c2 -t t2.micro
  local pid
  pid=$(incus query /1.0/instances/c1/state | grep -oE '"pid": ?[0-9]+' | grep -oE '[0-9]+')
  incus config set c1 limits.memory.oom_priority=500
  expect 500 cat "/proc/$pid/oom_score_adj"
  incus restart -f c1
  expect 500 incus exec c1 -- cat /proc/1/oom_score_adj
}

# On `dir` a copy takes as long as the files are many: they must not change meanwhile.
test_copies_hold_still() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'mkdir /data; for i in $(seq 3000); do echo $i > /data/$i; done'
  incus exec c1 -- sh -c 'i=0; while :; do i=$((i+1)); echo $i > /data/1; echo $i > /data/3000; done' &
  eventually 5 incus exec c1 -- sh -c 'test "$(cat /data/3000)" != 3000'
  incus snapshot create c1 s1
  incus stop -f c1
  incus copy c1/s1 c2
  incus start c2
  # Both files are written in turn: in one moment they are at most one step apart.
  local first last
  first=$(incus exec c2 -- cat /data/1) last=$(incus exec c2 -- cat /data/3000)
  : "${first:=$last}" "${last:=$first}"  # an empty one was just being written
  [ $((first - last)) -le 1 ] && [ $((first - last)) -ge 0 ] || fail "files of different moments: $first and $last"
}

test_activation() {
  prepare
  incus init testimage c1
  stop_daemon
  incusd activateifneeded --debug 2>&1 | grep -q 'No need to start the daemon now'
  start_daemon
  incus config set c1 snapshots.schedule="@daily"
  stop_daemon
  # Nobody listens: the attempt itself fails, after its reason was given.
  refuse 'scheduled instance snapshots' incusd activateifneeded --debug
  start_daemon
}

# A fake sysfs, real nodes, and a real uevent of a device that has nothing to do with it.
test_usb_device_comes_and_goes() {
  local sysfs=$SUITE_DIR/sys usb=$SUITE_DIR/sys/bus/usb/devices
  plug_usb() { # plug_usb PLACE VENDOR SERIAL DEVNUM MINOR
    mkdir -p "$usb/.$1"
    printf '%s\n' "$2" > "$usb/.$1/idVendor"
    echo 0001 > "$usb/.$1/idProduct"
    echo "$3" > "$usb/.$1/serial"
    echo 1 > "$usb/.$1/busnum"
    echo "$4" > "$usb/.$1/devnum"
    echo "1:$5" > "$usb/.$1/dev"
    mv "$usb/.$1" "$usb/$1"
    echo change > /sys/class/mem/null/uevent
  }
  mkdir -p "$usb"
  stop_daemon
  INCUS_SYSFS_DIR=$sysfs start_daemon
  prepare
  incus init testimage c1
  refuse 'four lower case hex' incus config device add c1 stick usb vendorid=12345
  incus config device add c1 stick usb vendorid=abcd required=true mode=600 uid=3
  refuse 'Required USB device not found' incus start c1
  incus config device set c1 stick required=false
  incus start c1
  plug_usb 1-1 abcd first 2 3
  eventually 5 incus exec c1 -- test -c /dev/bus/usb/001/002
  expect "1:3 600 3" incus exec c1 -- stat -c '%t:%T %a %u' /dev/bus/usb/001/002
  # A second one comes, another vendor's doesn't, the first one goes; the second one stays what it was.
  plug_usb 1-2 abcd second 3 5
  plug_usb 1-3 ffff third 4 7
  eventually 5 incus exec c1 -- test -c /dev/bus/usb/001/003
  refuse . incus exec c1 -- stat /dev/bus/usb/001/004
  local before
  before=$(incus exec c1 -- stat -c %i /dev/bus/usb/001/003)
  rm -r "$usb/1-1"
  echo change > /sys/class/mem/null/uevent
  eventually 5 sh -c "! incus exec c1 -- stat /dev/bus/usb/001/002 2> /dev/null"
  expect "$before" incus exec c1 -- stat -c %i /dev/bus/usb/001/003
  incus config device remove c1 stick
  refuse . incus exec c1 -- stat /dev/bus/usb/001/003
  incus config device add c1 stick usb serial=third
  expect "1:7" incus exec c1 -- stat -c '%t:%T' /dev/bus/usb/001/004
}

test_gpu() {
  prepare
  incus init testimage c1
  refuse 'Unsupported device type' incus config device add c1 card gpu gputype=mdev mdev=i915
  refuse 'Unsupported GPU type "native-context"' incus config device add c1 card gpu gputype=native-context
  refuse 'Either "mig.uuid" or both' incus config device add c1 card gpu gputype=mig mig.gi=1
  refuse 'Cannot use "id" when "pci" is set|Cannot use "pci" when "id" is set' incus config device add c1 card gpu id=0 pci=0000:00:02.0
  refuse 'Invalid PCI address' incus config device add c1 card gpu pci=nowhere
  incus config device add c1 card gpu vendorid=ffff
  refuse 'Failed to detect requested GPU device' incus start c1
}

test_unix_hotplug_needs_a_selection() {
  prepare
  incus init testimage c1
  refuse 'vendorid, productid or PCI' incus config device add c1 d unix-hotplug mode=600
  incus config device add c1 d unix-hotplug vendorid=ffff
  incus start c1
  incus stop -f c1
  incus config device set c1 d required=true
  refuse 'Required Unix Hotplug device not found' incus start c1
}

# Mounts below a host folder come along where asked for, also those made later, whether the disk was there at the start or plugged in.
test_mounts_below_disks() {
  prepare
  mount --make-rshared /
  mkdir -p "$SUITE_DIR/src/before"
  mount -t tmpfs before "$SUITE_DIR/src/before"
  touch "$SUITE_DIR/src/before/file"
  incus launch testimage c1
  incus config device add c1 whole disk source="$SUITE_DIR/src" path=/whole recursive=true propagation=rslave
  incus config device add c1 top disk source="$SUITE_DIR/src" path=/top
  for round in plugged started; do
    incus exec c1 -- test -e /whole/before/file
    expect "" incus exec c1 -- ls /top/before
    mkdir "$SUITE_DIR/src/$round"
    mount -t tmpfs "$round" "$SUITE_DIR/src/$round"
    touch "$SUITE_DIR/src/$round/file"
    incus exec c1 -- test -e "/whole/$round/file"
    incus restart -f c1
  done
  refuse 'Recursive read-only' incus config device set c1 whole readonly=true
}
