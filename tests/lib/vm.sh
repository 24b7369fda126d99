# Words for suites with virtual machines, which source it. They name VM_TEST_IMAGE, so that scripts/run-suites makes it.

VM_PATIENCE=60  # seconds for a boot; eventually() gives six times as much

vm_ready() { incus exec "$1" -- true 2> /dev/null; }
vm_emulated() { grep -q '^accel = "tcg"' "$INCUS_DIR/run/$1/qemu.conf"; }
vm_boot_id() { incus exec "$1" -- cat /proc/sys/kernel/random/boot_id; }
in_v1() { incus exec v1 -- sh -c "$1"; }
machine_process() { cut -d' ' -f1 "$INCUS_DIR/run/v1/state"; }

# No thread of QEMU has root's user or group, or a capability that it could use.
vm_is_unprivileged() {
  local status copy=$SUITE_DIR/thread seen=0
  for status in "/proc/$(machine_process)/task"/*/status; do
    cat "$status" > "$copy" 2> /dev/null || continue  # it ended since
    seen=1
    expect "0000000000000000" sh -c "sed -n 's/^Cap\(Inh\|Prm\|Eff\|Amb\):[[:space:]]*//p' $copy | sort -u"
    expect 5 sh -c "grep -cE '^(Uid|Gid|Groups|CapPrm|CapEff):' $copy"
    ! grep -E '^(Uid|Gid|Groups):.*[[:space:]]0([[:space:]]|$)' "$copy" || fail "QEMU is root"
  done
  [ $seen = 1 ] || fail "QEMU has no thread"
}

vm_prepare() {
  prepare
  incus image import "$VM_TEST_IMAGE" --alias guest > /dev/null
}

vm_init() { # vm_init NAME [FLAGS...]
  local name=$1
  shift
  set -- -c security.secureboot=false -c limits.memory=384MiB "$@"
  # SUITE_NO_FIRMWARE: the kernel is started directly, where firmware does not run (make test-kvm).
  local boot=${VM_TEST_IMAGE%/*}
  case "${SUITE_NO_FIRMWARE:-} $*" in
    *microvm* | ' '*) ;;
    *) set -- -c raw.qemu="-kernel $boot/linux -initrd $boot/initrd -append '$(cat "$boot/cmdline")'" "$@" ;;
  esac
  incus init guest "$name" --vm "$@"
}

vm_boot() { # vm_boot NAME: starts it, and waits for its agent
  incus start "$1"
  eventually $VM_PATIENCE vm_ready "$1"
}

vm_launch() { # vm_launch NAME [FLAGS...]
  vm_init "$@"
  vm_boot "$1"
}

# vm_check_shares NAME DEVICE...: folders come and go as these devices, whose names may be longer than what a guest mounts by, while it runs.
vm_check_shares() {
  local name instance=$1
  shift
  [ -n "$(ls /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd 2> /dev/null)" ] || { echo "no virtiofsd: no folder is shared"; return; }
  mkdir "$SUITE_DIR/share"
  echo word > "$SUITE_DIR/share/file"
  for name in "$@"; do incus config device add "$instance" "$name" disk source="$SUITE_DIR/share" path="/srv/$name"; done
  for name in "$@"; do eventually 10 incus exec "$instance" -- grep -q word "/srv/$name/file"; done
  for name in "$@"; do incus config device remove "$instance" "$name"; done
  eventually 10 incus exec "$instance" -- sh -c '! grep -q virtiofs /proc/mounts'
  rm -r "$SUITE_DIR/share"
}

vm_check_fewer_cpus() { # vm_check_fewer_cpus NAME: from two to one
  if vm_emulated "$1"; then
    refuse 'cannot be removed while it runs: stop it first' incus config unset "$1" limits.cpu
    expect 2 incus config get "$1" limits.cpu
  else
    incus config unset "$1" limits.cpu
    eventually 10 incus exec "$1" -- sh -c 'test "$(nproc)" = 1'
  fi
}
