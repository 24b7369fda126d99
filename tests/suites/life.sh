# A container's daily life on one server: launch, exec, files, snapshots, copy, move, publish, delete.

test_launch_exec_delete() {
  prepare
  incus launch testimage c1
  expect RUNNING incus list c1 -c s -f csv
  expect c1 incus exec c1 -- hostname
  # The container's root is not the host's: the map starts well above 0.
  [ "$(incus exec c1 -- cat /proc/self/uid_map | awk 'NR==1{print $2}')" -ge 100000 ]
  incus stop -f c1
  expect STOPPED incus list c1 -c s -f csv
  incus start c1
  incus restart -f c1
  expect RUNNING incus list c1 -c s -f csv
  incus pause c1
  expect FROZEN incus list c1 -c s -f csv
  incus resume c1
  refuse 'running' incus delete c1
  incus delete -f c1
  expect "" incus list -f csv
  [ -z "$(ls -A "$INCUS_DIR/containers")" ] || fail "left in containers/"
}

test_exec_results() {
  prepare
  incus launch testimage c1
  local code=0
  incus exec c1 -- sh -c 'exit 42' || code=$?
  [ $code = 42 ] || fail "exit code $code"
  code=0
  incus exec c1 -- /no/such/program || code=$?
  [ $code = 127 ] || fail "exit code of a missing program $code"
  # As GNU's programs do before they end.
  code=0
  incus exec c1 -- sh -c 'exec >&- 2>&-; sleep 0.3; exit 5' || code=$?
  [ $code = 5 ] || fail "exit code $code of a command that closed its outputs"
  expect "hello" incus exec c1 --env WORD=hello -- sh -c 'echo $WORD'
  expect "/tmp" incus exec c1 --cwd /tmp -- pwd
  [ "$(printf 'a\nb\n' | incus exec c1 -- cat)" = "$(printf 'a\nb')" ] || fail "stdin"
  # A mebibyte through both directions, unharmed.
  head -c 1048576 /dev/urandom > "$SUITE_DIR/in"
  incus exec c1 -- cat < "$SUITE_DIR/in" > "$SUITE_DIR/out"
  cmp "$SUITE_DIR/in" "$SUITE_DIR/out"
}

test_files() {
  prepare
  incus launch testimage c1
  head -c 3000000 /dev/urandom > "$SUITE_DIR/big"
  incus file push "$SUITE_DIR/big" c1/root/big
  expect "$(sha256sum < "$SUITE_DIR/big")" incus exec c1 -- sh -c 'sha256sum < /root/big'
  incus file pull c1/root/big "$SUITE_DIR/back"
  cmp "$SUITE_DIR/big" "$SUITE_DIR/back"
  incus file push --mode 0600 --uid 5 --gid 6 "$SUITE_DIR/big" c1/tmp/owned
  expect "600 5 6" incus exec c1 -- stat -c '%a %u %g' /tmp/owned
  mkdir -p "$SUITE_DIR/tree/sub"
  echo one > "$SUITE_DIR/tree/sub/file"
  incus file push -r "$SUITE_DIR/tree" c1/tmp/
  expect one incus exec c1 -- cat /tmp/tree/sub/file
  incus file delete c1/root/big
  refuse . incus file pull c1/root/big "$SUITE_DIR/x"
  # A link out of the container must not reach the host.
  incus exec c1 -- ln -s /../../../../etc/hostname /root/out
  expect c1 incus file pull c1/root/out -
}

test_snapshots_and_copies() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'echo first > /root/state'
  incus snapshot create c1 s1
  incus exec c1 -- sh -c 'echo second > /root/state'
  incus snapshot restore c1 s1
  expect first incus exec c1 -- cat /root/state
  incus copy c1/s1 c2
  incus start c2
  expect first incus exec c2 -- cat /root/state
  incus copy c1 c3 --instance-only
  incus stop -f c2
  incus move c2 c4
  expect "c1 c3 c4" sh -c "incus list -f csv -c n | sort | tr '\n' ' ' | sed 's/ $//'"
  incus snapshot rename c1 s1 s2
  incus snapshot delete c1 s2
  refuse 'Snapshot c1/s1 does not exist' incus snapshot restore c1 s1
}

test_publish_and_images() {
  prepare
  incus launch testimage c1
  incus exec c1 -- sh -c 'echo kept > /root/kept'
  incus stop -f c1
  incus publish c1 --alias mine --compression zstd description=mine
  incus launch mine c2
  expect kept incus exec c2 -- cat /root/kept
  incus image export mine "$SUITE_DIR/exported"
  incus image delete mine
  incus image import "$SUITE_DIR"/exported* --alias again
  expect mine incus image get-property again description
  incus image delete again
}

test_survives_restart_and_kill() {
  prepare
  incus launch testimage c1
  local before
  before=$(incus exec c1 -- cat /proc/sys/kernel/random/boot_id; incus info c1 | grep -i pid)
  stop_daemon TERM
  start_daemon
  expect RUNNING incus list c1 -c s -f csv
  stop_daemon KILL
  start_daemon
  expect RUNNING incus list c1 -c s -f csv
  [ "$before" = "$(incus exec c1 -- cat /proc/sys/kernel/random/boot_id; incus info c1 | grep -i pid)" ] || fail "the container was restarted"
  incus delete -f c1
}
