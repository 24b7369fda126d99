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
