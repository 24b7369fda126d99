# What limits become in control groups of either version, at the start and while the container runs, and what is told about its use.
# scripts/test.sh runs this suite twice: here, and on a kernel that has version 2 only (scripts/vmtest).

test_limits() {
  prepare
  incus launch testimage c1 -c limits.memory=64MiB -c limits.processes=50 -c limits.cpu.allowance=20ms/100ms -c limits.cpu=1
  expect 67108864 group_value c1 memory memory.max memory.limit_in_bytes
  expect 50 group_value c1 pids pids.max pids.max
  expect 1 incus exec c1 -- nproc
  local use
  use=$(incus query /1.0/instances/c1/state)
  for wanted in '"processes": [2-9]' '"total": 67108864' '"allocated_time": 200000000' '"usage": [1-9][0-9]{5,}'; do
    echo "$use" | grep -qE "$wanted" || fail "state has no $wanted: $use"
  done
  incus query --raw /1.0/metrics > "$SUITE_DIR/metrics"
  grep -qE '^incus_memory_MemTotal_bytes\{.*name="c1".*\} 6(.7108864e\+07|7108864)' "$SUITE_DIR/metrics" || fail "$(grep c1 "$SUITE_DIR/metrics")"
  incus config set c1 limits.memory=48MiB limits.processes= limits.cpu= limits.cpu.allowance=
  expect 50331648 group_value c1 memory memory.max memory.limit_in_bytes
  expect max group_value c1 pids pids.max pids.max
  expect "$(nproc)" incus exec c1 -- nproc
  # Commands that join later count too.
  refuse . incus exec c1 -- sh -c 'head -c 70000000 /dev/zero | tail -c 70000000 > /dev/null'
  incus config unset c1 limits.memory
  incus exec c1 -- sh -c 'head -c 70000000 /dev/zero | tail -c 70000000 > /dev/null'
}

# A group whose groups below have limits of their own may hold no processes: commands must find their place all the same.
test_groups_inside() {
  prepare
  incus launch testimage c1 -c security.nesting=true
  if ! incus exec c1 -- sh -c 'test -e /sys/fs/cgroup/cgroup.subtree_control'; then
    echo "skipped: containers see no control groups of version 2 here"
    return
  fi
  # What systemd does: everybody moves down, then controllers are given on.
  incus exec c1 -- sh -c 'mkdir -p /sys/fs/cgroup/all && for p in $(cat /sys/fs/cgroup/cgroup.procs); do echo $p > /sys/fs/cgroup/all/cgroup.procs 2> /dev/null; done
    grep -qw pids /sys/fs/cgroup/cgroup.controllers || exit 0; echo +pids > /sys/fs/cgroup/cgroup.subtree_control'
  expect hi incus exec c1 -- echo hi
  incus pause c1
  expect FROZEN incus list c1 -c s -f csv
  incus resume c1
  expect hi incus exec c1 -- echo hi
  incus restart -f c1
  expect hi incus exec c1 -- echo hi
}

# Devices: allowed ones work, others don't; with version 2 a program in the kernel decides.
test_device_rules() {
  prepare
  incus launch testimage c1 -c security.privileged=true
  incus exec c1 -- sh -c 'mknod /tmp/full c 1 7 && echo x > /tmp/full' 2>&1 | grep -q 'No space' || fail "/dev/full is not allowed"
  incus exec c1 -- mknod /tmp/kmsg c 1 11
  if incus exec c1 -- sh -c ": > /tmp/kmsg"; then
    echo "skipped: control groups don't restrict devices here"
    return
  fi
  incus config device add c1 kmsg unix-char source=/dev/kmsg path=/dev/other
  incus exec c1 -- sh -c ": > /tmp/kmsg"
  incus config device remove c1 kmsg
  refuse 'not permitted|denied' incus exec c1 -- sh -c ": > /tmp/kmsg"
}
