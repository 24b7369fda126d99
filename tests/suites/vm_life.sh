# A virtual machine's life with our small guest (scripts/make-guest): one boot checks many things, because every boot costs seconds under emulation.
# VM_TEST_IMAGE names the guest's image; scripts/run-suites makes it.

. "$top/tests/lib/vm.sh"

vm_check_exec_and_files() {
  expect v1 incus exec v1 -- hostname
  local code=0
  incus exec v1 -- sh -c 'exit 42' || code=$?
  [ $code = 42 ] || fail "exit code $code"
  expect hello incus exec v1 --env WORD=hello -- sh -c 'echo $WORD'
  head -c 3000000 /dev/urandom > "$SUITE_DIR/big"
  expect "$(sha256sum < "$SUITE_DIR/big")" sh -c "incus exec v1 -- sha256sum < '$SUITE_DIR/big'"
  incus file push --mode 0600 "$SUITE_DIR/big" v1/root/big
  expect 600 incus exec v1 -- stat -c %a /root/big
  incus file pull v1/root/big "$SUITE_DIR/back"
  cmp "$SUITE_DIR/big" "$SUITE_DIR/back"
  incus file delete v1/root/big
  incus list v1 -f json | grep -q '"type": *"virtual-machine"'
  eventually 10 sh -c 'incus list v1 -c 4 -f csv | grep -q eth0'
}

# The machine's own processes and interfaces, each measurement once.
vm_check_state() {
  local processes
  processes=$(incus info v1 | sed -n 's/^ *Processes: //p')
  [ "$processes" -gt 10 ] || fail "processes: $processes"
  incus query --raw /1.0/metrics | grep 'name="v1"' > "$SUITE_DIR/metrics"
  grep -q '^incus_procs_total{.*} [1-9]' "$SUITE_DIR/metrics"
  grep -q '^incus_network_receive_bytes_total{device="eth0"' "$SUITE_DIR/metrics"
  expect "" sh -c "cut -d' ' -f1 '$SUITE_DIR/metrics' | sort | uniq -d"
}

vm_check_plugging() {
  incus storage volume create default data --type=block size=16MiB
  incus storage volume attach default data v1 data
  eventually 10 incus exec v1 -- sh -c 'test "$(cat /sys/block/*/size | grep -cx 32768)" = 1'
  incus storage volume detach default data v1
  eventually 10 incus exec v1 -- sh -c 'test "$(cat /sys/block/*/size | grep -cx 32768)" = 0'
  incus storage volume delete default data
  incus network create more ipv4.address=10.77.1.1/24 ipv6.address=none
  incus config device add v1 more nic network=more hwaddr=00:16:3e:11:22:33
  eventually 10 sh -c 'incus list v1 -c 4 -f csv | grep -q 10.77.1.'
  incus config device remove v1 more
  eventually 10 incus exec v1 -- sh -c '! grep -l 00:16:3e:11:22:33 /sys/class/net/*/address'
  incus network delete more
}

vm_check_limits() {
  incus config set v1 limits.memory=256MiB
  eventually 10 incus exec v1 -- sh -c 'test "$(awk "/^MemTotal/{print \$2}" /proc/meminfo)" -lt 262144'
  incus config set v1 limits.cpu=2
  eventually 10 incus exec v1 -- sh -c 'test "$(nproc)" = 2'
  vm_check_fewer_cpus v1
  refuse . incus config set v1 limits.cpu=$(($(nproc) + 1))
  refuse "running" incus config set v1 limits.cpu=0,1
}

test_vm_life() {
  vm_prepare
  vm_launch v1
  expect RUNNING incus list v1 -c s -f csv
  vm_is_unprivileged
  vm_check_exec_and_files
  vm_check_state
  vm_check_plugging
  vm_check_shares v1 with-dash device-whose-name-is-longer-than-a-tag
  vm_check_limits
  local before
  before=$(vm_boot_id v1)
  # The machine does not belong to the daemon's process: it outlives an orderly end and a kill.
  stop_daemon TERM
  start_daemon
  expect "$before" vm_boot_id v1
  stop_daemon KILL
  start_daemon
  expect RUNNING incus list v1 -c s -f csv
  expect "$before" vm_boot_id v1
  incus pause v1
  expect FROZEN incus list v1 -c s -f csv
  incus resume v1
  expect "$before" vm_boot_id v1
  incus console v1 --show-log > "$SUITE_DIR/console"
  incus query --raw '/1.0/instances/v1/console?type=vga' > "$SUITE_DIR/screen"
  file "$SUITE_DIR/screen" | grep -q 'PNG image data, [1-9]' || fail "the screen is no picture"
  grep -q BusyBox "$SUITE_DIR/console" || fail "no console log: $(head -c 300 "$SUITE_DIR/console")"
  incus exec v1 -- sh -c 'echo first > /root/state; sync'
  incus snapshot create v1 s1
  incus exec v1 -- sh -c 'echo second > /root/state; sync'
  incus stop v1 --timeout 120
  expect STOPPED incus list v1 -c s -f csv
  incus snapshot restore v1 s1
  vm_boot v1
  expect first incus exec v1 -- cat /root/state
  refuse running incus delete v1
  incus stop -f v1
  # What a start left behind goes into a backup, and comes back.
  incus export v1 "$SUITE_DIR/v1.tar" --compression=none --instance-only
  incus delete v1
  incus import "$SUITE_DIR/v1.tar"
  rm "$SUITE_DIR/v1.tar"
  incus delete v1
  expect "" incus list -f csv
  [ -z "$(ls -A "$INCUS_DIR/virtual-machines")" ] || fail "left in virtual-machines/"
}

# What needs no boot of its own: copies, images and backups carry the disk.
test_vm_copies() {
  vm_prepare
  vm_init v1
  incus copy v1 v2
  incus move v2 v3
  incus publish v3 --alias mine
  incus export v1 "$SUITE_DIR/v1.tar.gz"
  incus delete v1 v3
  incus import "$SUITE_DIR/v1.tar.gz"
  incus init mine v4 --vm -c security.secureboot=false -c limits.memory=384MiB
  local disk=$INCUS_DIR/storage-pools/default/virtual-machines
  cmp -n 100663296 "$disk/v1/root.img" "$disk/v4/root.img"  # what the image has; the rest is a hole of 10 GiB
  vm_boot v4
  expect v4 incus exec v4 -- hostname
  incus delete -f v4
}
