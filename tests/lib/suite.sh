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

# group_value INSTANCE CONTROLLER VERSION2-FILE VERSION1-FILE: what the container's control group says, in whichever version the host has the controller.
group_value() {
  local pid line mount=/sys/fs/cgroup/$2 file=$4
  pid=$(incus query "/1.0/instances/$1/state" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -1)
  # "4:memory:/lxc.payload.c1/…" where the controller is of version 1, else "0::/lxc.payload.c1/…".
  line=$(grep -E ":([a-z]+,)*$2(,[a-z]+)*:" "/proc/$pid/cgroup" || grep '^0::' "/proc/$pid/cgroup")
  case $line in 0::*) mount=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -1) file=$3 ;; esac
  cat "$mount$(echo "${line#*:*:}" | sed 's/\(lxc\.payload\.[^/]*\).*/\1/')/$file"
}
