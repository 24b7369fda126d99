# Hardware acceleration: hosts without it, with a device that is of no use, and with one that works (there, or in `make test-kvm`, whose machine emulates it).
# VM_TEST_IMAGE names the small guest's image.

. "$top/tests/lib/vm.sh"

restart_daemon() {
  stop_daemon
  rm -f "$SUITE_DIR/incusd.log"
  start_daemon
}
warned() { grep -q "without hardware acceleration and slowly: $1" "$SUITE_DIR/incusd.log"; }
kvm_works() { "$(readlink -f "$(command -v incus)")" forkkvm > /dev/null 2>&1; }

# check_fallback REASON: the daemon says why, and machines are emulated unless they ask for KVM.
check_fallback() {
  restart_daemon
  eventually 20 warned "$1"
  incus start v1
  grep -q '^accel = "tcg"' "$INCUS_DIR/run/v1/qemu.conf" || fail "not emulated"
  incus stop -f v1
}

test_vm_kvm_missing() {
  vm_prepare
  vm_init v1 -c qemu.machine=microvm
  mkdir "$SUITE_DIR/dev"
  mount -t tmpfs -o mode=755 dev "$SUITE_DIR/dev"
  cp -a /dev/{null,zero,full,random,urandom,tty,net} "$SUITE_DIR/dev"
  mkdir "$SUITE_DIR"/dev/{pts,shm}
  mount --bind /dev/pts "$SUITE_DIR/dev/pts"
  mount --rbind "$SUITE_DIR/dev" /dev
  check_fallback '/dev/kvm is missing'
  incus config set v1 qemu.accelerator=kvm
  refuse 'which this host lacks' incus start v1
  # There, and something else than KVM; and without a driver.
  cp -a /dev/null /dev/kvm
  incus config unset v1 qemu.accelerator
  check_fallback 'unknown version of KVM'
  rm /dev/kvm
  mknod /dev/kvm c 10 254
  check_fallback '/dev/kvm: No such device'
  incus delete v1
}

test_vm_kvm() {
  kvm_works || { echo "skipped: no KVM that runs guests; make test-kvm has one"; return; }
  vm_prepare
  vm_launch v1 -c qemu.machine=microvm
  grep -q '^accel = "kvm"' "$INCUS_DIR/run/v1/qemu.conf" || fail "not accelerated: $(cat "$SUITE_DIR/incusd.log")"
  [ ! -c /dev/vhost-vsock ] || grep -q '^driver = "vhost-vsock-device"' "$INCUS_DIR/run/v1/qemu.conf" || fail "no socket device of the kernel's"
  in_v1 'grep -q hypervisor /proc/cpuinfo && ! grep -qi tcg /proc/cpuinfo'
  incus stop v1 --timeout 120
  incus config set v1 qemu.accelerator=tcg
  incus start v1
  grep -q '^accel = "tcg"' "$INCUS_DIR/run/v1/qemu.conf" || fail "accelerated"
  incus delete -f v1
}
