# The API that instances see at /dev/incus/sock, asked by processes inside (in their pid and user namespaces).

# guest [curl arguments] PATH: a request by the root of c1
guest() {
  nsenter -t "$(incus query /1.0/instances/c1/state | grep -oE '"pid": ?[0-9]+' | grep -oE '[0-9]+')" -U -p -- curl -s --unix-socket "$INCUS_DIR/guestapi/sock" "${@:1:$#-1}" "http://guest${!#}"
}

test_config_and_devices() {
  prepare
  incus launch testimage c1 -c user.foo="bar %s bar"
  incus exec c1 -- test -S /dev/incus/sock
  expect '["/1.0"]' guest /
  expect 'bar %s bar' guest /1.0/config/user.foo
  guest /1.0/config | grep -q '"/1.0/config/user.foo"'
  expect 'not authorized' guest /1.0/config/security.nesting
  expect 404 guest -o /dev/null -w '%{http_code}' /1.0/config/user.missing
  expect 404 guest -o /dev/null -w '%{http_code}' /1.0/nothing
  guest /1.0/devices | grep -q '"type":"disk"'
  guest /1.0/meta-data | grep -q '^local-hostname: c1$'
  expect 403 guest -o /dev/null -w '%{http_code}' "/1.0/images/0000/export"
  incus config set c1 security.guestapi=false
  expect 403 guest -o /dev/null -w '%{http_code}' /1.0/config
  if incus exec c1 -- test -S /dev/incus/sock; then fail "the socket is still there"; fi
  incus config unset c1 security.guestapi
  incus exec c1 -- test -S /dev/incus/sock
}

test_only_the_own_root_may_ask() {
  prepare
  incus launch testimage c1 -c user.foo=bar
  expect 'pid not in container?' curl -s --unix-socket "$INCUS_DIR/guestapi/sock" http://guest/1.0/config/user.foo
  local pid
  pid=$(incus query /1.0/instances/c1/state | grep -oE '"pid": ?[0-9]+' | grep -oE '[0-9]+')
  expect 401 nsenter -t "$pid" -U -p -S 1000 -G 1000 -- curl -s -o /dev/null -w '%{http_code}' --unix-socket "$INCUS_DIR/guestapi/sock" http://guest/1.0
}

test_ready_state() {
  prepare
  incus launch testimage c1
  guest /1.0 | grep -q '"state":"Started"'
  guest -X PATCH -d '{"state":"Ready"}' /1.0
  expect true incus config get c1 volatile.last_state.ready
  expect READY incus list c1 -c s -f csv
  expect 400 guest -o /dev/null -w '%{http_code}' -X PATCH -d '{"state":"Broken"}' /1.0
  incus stop -f c1
  expect false incus config get c1 volatile.last_state.ready
}

test_events_stream() {
  prepare
  incus launch testimage c1
  guest -N -v /1.0/events > "$SUITE_DIR/events" 2> "$SUITE_DIR/headers" &
  eventually 5 grep -q ' 200' "$SUITE_DIR/headers"
  incus config set c1 user.foo=baz
  incus config set c1 security.nesting=true
  incus config device add c1 mnt disk source="$SUITE_DIR" path=/mnt
  eventually 5 grep -q '"name":"mnt"' "$SUITE_DIR/events"
  grep -q '"key":"user.foo","old_value":"","value":"baz"' "$SUITE_DIR/events"
  grep -q '"action":"added","name":"mnt"' "$SUITE_DIR/events"
  [ "$(wc -l < "$SUITE_DIR/events")" = 2 ] || fail "other events than the guest's own"
}
