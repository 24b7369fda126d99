# Sourced by scripts/run-suites for every tests/suites/*.sh: a fresh daemon in private namespaces, and the words suites are written in.
# A suite defines functions test_*; each runs under set -e and must leave nothing behind.

fail() { echo "FAILED: $*" >&2; return 1; }

# expect WANTED COMMAND...: its output (stdout) equals WANTED.
expect() {
  local wanted=$1 got
  shift
  got=$("$@") || fail "$* exited with $?"
  [ "$got" = "$wanted" ] || fail "$*: expected '$wanted', got '$got'"
}

# refuse PATTERN COMMAND...: it fails, and says something that matches PATTERN (grep -E).
refuse() {
  local pattern=$1 said
  shift
  if said=$("$@" 2>&1); then fail "$* succeeded"; fi
  echo "$said" | grep -qE "$pattern" || fail "$* said '$said', expected a match of '$pattern'"
}

# eventually SECONDS COMMAND...: it succeeds before the time is over. A machine that is busy with other things gets six times as long.
eventually() {
  local until=$(($(date +%s%N) + $1 * 6000000000))
  shift
  while ! "$@"; do
    [ "$(date +%s%N)" -lt "$until" ] || { fail "never: $*"; return 1; }
    sleep 0.05
  done
}

api() { # api METHOD PATH [BODY]: the raw envelope
  curl -s --unix-socket "$INCUS_DIR/unix.socket" -X "$1" ${3:+-d "$3"} "http://incus$2"
}

start_daemon() {
  incusd --logfile "$SUITE_DIR/incusd.log" >> "$SUITE_DIR/incusd.out" 2>&1 &
  DAEMON_PID=$!
  incus admin waitready --timeout=90
}

stop_daemon() { # stop_daemon [SIGNAL]
  kill "-${1:-TERM}" "$DAEMON_PID"
  wait "$DAEMON_PID" 2> /dev/null || true
}

# A pool, a bridge without a real uplink, and the busybox image as `testimage`.
prepare() {
  incus admin init --auto > /dev/null
  incus image import "$TEST_IMAGE" --alias testimage > /dev/null
}
