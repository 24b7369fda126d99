# Bad input: the right status, and a message that names the thing.

test_names_and_keys() {
  prepare
  refuse 'nvalid' incus init testimage 'bad_name!'
  refuse 'nvalid' incus init testimage "$(printf 'x%.0s' $(seq 70))"
  refuse 'not.?found' incus init no-such-image c1
  incus init testimage c1
  refuse 'no\.such\.key' incus config set c1 no.such.key=1
  refuse 'limits.memory|nvalid' incus config set c1 limits.memory=lots
  refuse 'already' incus init testimage c1
  refuse 'nvalid device type|Unsupported device' incus config device add c1 d1 nosuchtype
  refuse 'unknown flag' incus list --no-such-flag
  refuse 'not found' incus start nobody
}

status_of() { api "$@" | grep -oE '"error_code": ?[0-9]+' | grep -oE '[0-9]+'; }

test_http() {
  prepare
  expect 404 status_of GET /1.0/instances/nobody
  expect 404 status_of GET /1.0/no-such-thing
  expect 400 status_of POST /1.0/instances '{"name": '
  expect 400 status_of POST /1.0/instances '[]'
  expect 400 status_of POST /1.0/profiles '{"name": 17}'
  expect 404 status_of GET '/1.0/profiles?project=nowhere'
  expect 400 status_of POST /1.0/profiles '{"name": "a/b"}'
  # Deep nesting and a large body are refused, and the daemon lives on.
  expect 400 status_of POST /1.0/profiles "$(printf '[%.0s' $(seq 20000))"
  head -c 3000000 /dev/zero | tr '\0' ' ' > "$SUITE_DIR/large"
  curl -s --unix-socket "$INCUS_DIR/unix.socket" -X POST --data-binary "@$SUITE_DIR/large" http://incus/1.0/profiles > /dev/null
  expect 0 status_of GET /1.0
}
