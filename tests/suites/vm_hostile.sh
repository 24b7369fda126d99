# A virtual machine that is silent, or lies, or floods: everybody else goes on. And what outlives the daemon: the machine, its socket device, its guest API.
# One boot of the small guest (scripts/make-guest, VM_TEST_IMAGE). No time is asserted but that nothing waits as long as a guest could keep it waiting.

. "$top/tests/lib/vm.sh"

OTHERS_PATIENCE=8  # seconds; calls into a guest have deadlines from 10 s on

guest_api() { # guest_api PATH: as a program inside the machine asks
  incus exec v1 -- sh -c "INCUS_SOCKET=/dev/incus/sock /proc/1/exe incus query --raw $1"
}
guest_reads() { [ "$(guest_api /1.0/config/user.word 2> /dev/null)" = "$1" ]; }
soon() { timeout $OTHERS_PATIENCE "$@" > /dev/null || fail "$* took too long, or failed"; }

# What has nothing to do with what the guest says.
others_go_on() {
  soon incus list
  soon incus query '/1.0/instances?recursion=2'
  soon incus query /1.0/metrics --raw
  soon incus query /1.0/instances/v1/state
  soon incus config set v1 user.word="$RANDOM"
  soon incus info v1
  soon incus profile create other
  soon incus profile delete other
}

check_guest_api() {
  incus config set v1 user.word="$1"
  eventually 20 guest_reads "$1"
}

check_after_daemons() {
  check_guest_api first
  stop_daemon KILL
  start_daemon
  check_guest_api second
  stop_daemon TERM
  start_daemon
  check_guest_api third
  incus config set v1 security.guestapi=false
  eventually 10 incus exec v1 -- test ! -e /dev/incus/sock
  incus config set v1 security.guestapi=true
  check_guest_api fourth
}

is_v1() { [ "$(incus list v1 -c s -f csv)" = "$1" ]; }

check_stopped_process() {
  kill -STOP "$(machine_process)"
  others_go_on
  eventually 20 is_v1 ERROR
  refuse "cannot be cleanly shutdown as in Error status" incus stop v1
  refuse "cannot be started as in Error status" incus start v1
  refuse "Instance is running" incus query -X DELETE /1.0/instances/v1
  stop_daemon KILL
  start_daemon # does not wait for it either
  others_go_on
  kill -CONT "$(machine_process)"
  eventually 20 vm_ready v1
  expect RUNNING incus list v1 -c s -f csv
  check_guest_api fifth
}

check_lost_monitor() { # the machine is well, but nobody can ask it
  local monitor=$INCUS_DIR/run/v1/qemu.monitor
  stop_daemon TERM
  mv "$monitor" "$monitor.away"
  start_daemon
  eventually 20 is_v1 ERROR
  mv "$monitor.away" "$monitor"
  eventually 20 is_v1 RUNNING
}

# A viewer that says hello in SPICE and goes when it was answered.
check_screen() {
  [ -S "$INCUS_DIR/run/v1/qemu.spice" ] || return 0 # QEMU without SPICE
  cat > "$SUITE_DIR/viewer.py" << 'P'
import socket, struct, sys
viewer = socket.socket(socket.AF_UNIX)
viewer.connect(sys.argv[1].removeprefix("spice+unix://"))
viewer.sendall(b"REDQ" + struct.pack("<III", 2, 2, 18) + struct.pack("<IBBIII", 0, 1, 0, 0, 0, 18))
print(viewer.recv(4).decode())
P
  incus default set "console_spice_command=python3 '$SUITE_DIR/viewer.py' SOCKET"
  expect REDQ timeout 60 incus console v1 --type=vga
  expect "" ls "$INCUS_CONF/sockets"
  refuse "only supported by virtual machines" incus query -X POST -d '{"type":"vga"}' /1.0/instances/c1/console
}

daemon_memory() { sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$DAEMON_PID/status"; }

not_served() ( # a command in the machine fails, or whoever reads its output has had enough
  set -o pipefail
  ! timeout -s KILL 120 incus exec v1 -- true 2> /dev/null | head -c 100000
)

# The stand-in takes the place of the machine's socket device.
check_stand_in() {
  local run=$INCUS_DIR/run/v1 volume=$INCUS_DIR/storage-pools/default/virtual-machines/v1 mode
  mv "$run/vsock.sock" "$run/real.sock"
  python3 "$top/tests/lib/hostile_agent.py" "$run/vsock.sock" "$volume/agent.crt" "$volume/agent.key" "$SUITE_DIR/mode" &
  local stand_in=$!
  for mode in mute deaf noise drip headers body lies deep exec; do
    echo $mode > "$SUITE_DIR/mode"
    eventually 5 test -S "$run/vsock.sock"
    not_served > "$SUITE_DIR/flood" &
    local call=$!
    others_go_on
    wait $call || fail "a command in a guest that is $mode succeeded"
    [ $mode != exec ] || expect 100000 stat -c %s "$SUITE_DIR/flood"
    [ "$(daemon_memory)" -lt 100000 ] || fail "$mode: the daemon takes $(daemon_memory) KiB"
  done
  kill $stand_in
  mv "$run/real.sock" "$run/vsock.sock"
  eventually 20 vm_ready v1
}

test_vm_hostile() {
  vm_prepare
  vm_launch v1
  incus init testimage c1
  check_screen
  check_after_daemons
  check_stopped_process
  check_lost_monitor
  check_stand_in
  kill -STOP "$(machine_process)"
  eventually 20 is_v1 ERROR
  incus stop -f v1
  vm_boot v1
  kill -STOP "$(machine_process)"
  incus delete -f v1 c1
  expect "" incus list -f csv
}
