# The running state of a virtual machine: stopping and starting with it, snapshots with it, also after devices, memory and CPUs were plugged; microvms.
# One boot each. VM_TEST_IMAGE names the small guest's image (scripts/make-guest).

. "$top/tests/lib/vm.sh"

vm_plug() { # what a saved machine has to find again
  incus network create more ipv4.address=none ipv6.address=none
  incus storage volume create default data --type=block size=16MiB
  incus storage volume attach default data v1 data
  incus config device add v1 eth1 nic network=more hwaddr=00:16:3e:11:22:33
  incus config set v1 limits.memory=512MiB
  eventually 10 incus exec v1 -- sh -c 'grep -l 00:16:3e:11:22:33 /sys/class/net/*/address && grep -qx 32768 /sys/block/*/size'
}

test_saved_state() {
  vm_prepare
  vm_launch v1 -c migration.stateful=true
  local boot
  boot=$(vm_boot_id v1)
  vm_plug
  incus exec v1 -- sh -c 'echo first > /root/mark; { sleep 100000 < /dev/null > /dev/null 2>&1 & } ; echo $! > /root/pid'
  refuse "size.state" incus snapshot create v1 s1 --stateful
  incus config device override v1 root size.state=1GiB
  incus snapshot create v1 s1 --stateful
  expect s1,YES incus snapshot list v1 -f csv -c ns
  eventually 10 vm_ready v1
  incus exec v1 -- sh -c 'echo second > /root/mark; kill $(cat /root/pid)'
  incus stop v1 --stateful
  expect STOPPED incus list v1 -c s -f csv
  # Limits follow where the saved machine can.
  incus config set v1 limits.cpu=$(($(nproc) + 1))
  refuse "set it back" incus start v1
  incus config set v1 limits.cpu=2 limits.memory=448MiB
  incus start v1
  eventually 10 vm_ready v1
  expect "$boot" vm_boot_id v1
  expect second incus exec v1 -- cat /root/mark
  eventually 10 in_v1 'test "$(nproc)" = 2'
  eventually 10 in_v1 'test "$(awk "/^MemTotal/{print \$2}" /proc/meminfo)" -lt 380000'
  # Taking things out works as if it had never been away.
  incus config device remove v1 eth1
  incus storage volume detach default data v1
  incus snapshot restore v1 s1 --stateful
  eventually 10 vm_ready v1
  expect "$boot" vm_boot_id v1
  expect first incus exec v1 -- cat /root/mark
  vm_is_unprivileged
  incus exec v1 -- sh -c 'kill -0 $(cat /root/pid)'
  # The host goes down and comes back, and the guest notices nothing.
  incus config set v1 limits.cpu=2
  eventually 10 in_v1 'test "$(nproc)" = 2'
  incus config set v1 boot.host_shutdown_action=stateful-stop
  incus admin shutdown
  wait "$DAEMON_PID" || true
  start_daemon
  eventually 20 vm_ready v1
  expect "$boot" vm_boot_id v1
  expect 2 incus exec v1 -- nproc
  # A state that can't be loaded is a clear error, and a start without it still works.
  incus stop v1 --stateful
  echo damaged > "$INCUS_DIR/virtual-machines/v1/state"
  refuse "unknown kind" incus start v1
  incus start v1 --stateless
  expect RUNNING incus list v1 -c s -f csv
  eventually $VM_PATIENCE vm_ready v1
  # Devices are still noticed by a machine that tells its second processor of them: its vsock device is plugged after the load.
  in_v1 'grep -qx 2 /proc/irq/9/effective_affinity || echo 2 > /proc/irq/9/smp_affinity'
  boot=$(vm_boot_id v1)
  incus stop v1 --stateful
  incus start v1
  eventually 10 vm_ready v1
  expect "$boot" vm_boot_id v1
  incus delete -f v1
  incus storage volume delete default data
  incus network delete more
}

# The kernel out of the image, without firmware: no key but this one differs.
test_microvm() {
  vm_prepare
  vm_launch v1 -c qemu.machine=microvm -c qemu.accelerator=tcg
  incus exec v1 -- grep -q tsc_early_khz /proc/cmdline
  incus exec v1 -- sh -c '! test -e /sys/firmware/efi'
  incus exec v1 -- sh -c 'echo kept > /root/mark; sync'
  incus storage volume create default data --type=block size=16MiB
  refuse "stop it first" incus storage volume attach default data v1 data
  incus stop v1 --timeout 120
  incus config set v1 qemu.machine=q35
  refuse "not one of" incus config set v1 qemu.machine=pc
  incus config set v1 qemu.machine=microvm
  rm -r "$INCUS_DIR/storage-pools/default/virtual-machines/v1/boot"
  refuse "carries no kernel" incus start v1
  incus delete v1
  incus storage volume delete default data
}

check_nvram_commands() { # `incus low-level nvram`
  local object='{data: 5, attributes: [NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS]}' db=EFI_IMAGE_SECURITY_DATABASE_GUID
  incus low-level nvram set v1 Timeout="$object"
  expect 0500 incus low-level nvram get v1 EfiGlobalVariable:Timeout --format=hex
  expect "EFI_GLOBAL_VARIABLE,Timeout,5,BQA=" sh -c "incus low-level nvram list v1 8be4df61-93ca-11d2-aa0d-00e098032b8c -f csv -c Gnvr | tr -d '\n\"' | grep -o 'EFI_GLOBAL_VARIABLE,Timeout,5,BQA='"
  incus low-level nvram list v1 -f csv | grep -qx "$db,db"
  incus low-level nvram get v1 Timeout | sed 's/^data: 5/data: 6/' | incus low-level nvram edit v1 Timeout
  expect 6 sh -c "incus low-level nvram get v1 Timeout -f json | jq .data"
  incus low-level nvram get v1 Timeout --format=efivarfs > "$SUITE_DIR/variable"
  incus low-level nvram set v1 Lang="$object" Timeout= 2> "$SUITE_DIR/said" && fail "a number became a language"
  grep -q "A text is wanted" "$SUITE_DIR/said"
  incus low-level nvram unset v1 Timeout
  refuse "Variable not found" incus low-level nvram get v1 Timeout
  incus low-level nvram set v1 Timeout=- --format=efivarfs < "$SUITE_DIR/variable"
  expect 0600 incus low-level nvram get v1 Timeout -f hex
  refuse "Bulk" incus low-level nvram set v1 A=00 B=00 --format=hex
  refuse "Invalid GUID" incus low-level nvram get v1 nothing:Timeout
  refuse "Invalid repair action" incus low-level repair v1 everything
  refuse "QCOW2" incus low-level repair v1 rebuild-config-volume
  incus low-level nvram set v1 Own=00 --format=hex
  incus low-level repair v1 rebuild-nvram
  refuse "Variable not found" incus low-level nvram get v1 Own
  incus low-level nvram list v1 -f csv | grep -qx "$db,db"
}

check_secureboot_commands() { # `incus low-level secureboot`
  local s="incus low-level secureboot" at=$SUITE_DIR/keys
  mkdir "$at"
  for name in first second; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$at/key" -out "$at/$name" -subj "/CN=$name" -days 9 2> /dev/null; done
  $s list v1 db -f csv -c tOS | grep -q '^x509,MICROSOFT_VENDOR_GUID,"CN=Microsoft'
  expect EFI_GLOBAL_VARIABLE $s list v1 pk -f csv -c O
  refuse "Variable not found" $s list v1 mok
  $s export v1 db "$at/db"
  refuse "already exists" $s export v1 db "$at/db"
  cat "$at/first" "$at/second" > "$at/both"
  $s add v1 mok "$at/both"
  refuse "already present" $s add v1 mok "$at/both" --bundle
  $s add v1 mok "$at/both" --bundle --skip --owner Microsoft
  expect "INCUS_VENDOR_GUID,first MICROSOFT_VENDOR_GUID,second" sh -c "$s list v1 mok -f csv -c Os | xargs"
  echo hello > "$at/program"
  $s add v1 dbx "$at/program" --type=sha256
  expect "sha256,$(sha256sum < "$at/program" | cut -d' ' -f1)" sh -c "$s list v1 dbx -f csv -c tFO | sed -n 's/,INCUS_VENDOR_GUID//p'"
  refuse "Cannot store a signature" $s add v1 kek "$at/program" --type=sha256
  refuse "neither|either PEM or DER" $s add v1 db "$at/program"
  refuse "already enrolled" $s add v1 pk "$at/first"
  # What is exported can be imported.
  $s export v1 dbx "$at/dbx"
  refuse "use --force" $s import v1 dbx "$at/dbx"
  $s import v1 dbx "$at/dbx" --force
  $s export v1 dbx - | cmp - "$at/dbx"
  $s import v1 dbt "$at/first"
  expect x509,first $s list v1 dbt -f csv -c ts
  $s remove v1 dbx "$(sha256sum < "$at/program" | head -c 12)"
  refuse "No signature matches" $s remove v1 dbx "$(sha256sum < "$at/program" | head -c 12)"
  $s remove v1 mok --all --owner microsoft
  expect first $s list v1 mok -f csv -c s
  refuse "require --all" $s remove v1 mok abc --type x509
  $s remove v1 mok --all
  refuse "Variable not found" $s remove v1 mok --all
}

# Variables of the firmware, of a machine that never starts. VM_TEST_IMAGE is not needed.
# A start that fails takes its QEMU with it, which was loading while the devices were made.
check_failed_start() {
  mkdir "$SUITE_DIR/gone"
  incus config device add v1 gone disk source="$SUITE_DIR/gone" path=/gone
  rmdir "$SUITE_DIR/gone"
  refuse gone incus start v1
  ! grep -qz '/[q]emu-system' /proc/[0-9]*/cmdline || fail "QEMU is left"
  incus config device remove v1 gone
}

test_nvram() {
  incus admin init --auto > /dev/null
  incus init v1 --vm --empty
  local global=8be4df61-93ca-11d2-aa0d-00e098032b8c at=/1.0/instances/v1/nvram
  # The firmware with secure boot comes with keys.
  expect true sh -c "incus query '$at?recursion=2' | jq '.\"f0a30bc7-af08-4556-99c4-001009c93a44\".SecureBootEnable.data'"
  expect true sh -c "incus query '$at/$global?recursion=1' | jq '(.PK.binary | length) > 100'"
  incus query -X PUT $at/$global/Timeout -d '{"data": 3, "attributes": ["NON_VOLATILE", "BOOTSERVICE_ACCESS", "RUNTIME_ACCESS"]}'
  expect 3 sh -c "incus query '$at?recursion=2' | jq '.\"$global\".Timeout.data'"
  expect AwA= sh -c "incus query '$at/$global/Timeout' | jq -r .binary"
  incus query -X PATCH $at -d "{\"$global\": {\"Timeout\": null, \"BootOrder\": {\"data\": [\"Boot0002\", \"Boot0001\"], \"attributes\": [\"NON_VOLATILE\"]}}}"
  expect "$at/$global/BootOrder" sh -c "incus query $at/$global | jq -r '.[]' | grep -E 'BootOrder|Timeout'"
  refuse "Volatile" incus query -X PUT $at/$global/Lang -d '{"data": "en", "attributes": ["RUNTIME_ACCESS"]}'
  refuse "form of variable" incus query -X PUT $at/$global/Boot0001 -d '{"data": "en", "attributes": ["NON_VOLATILE"]}'
  # Bytes as they are, and back.
  head -c 300 /dev/urandom > "$SUITE_DIR/bytes"
  curl -sf --unix-socket "$INCUS_DIR/unix.socket" -X PUT -H 'Content-Type: application/octet-stream' --data-binary @"$SUITE_DIR/bytes" "http://incus$at/$global/Own" > /dev/null
  curl -sf --unix-socket "$INCUS_DIR/unix.socket" -H 'Accept: application/octet-stream' "http://incus$at/$global/Own" | cmp - "$SUITE_DIR/bytes"
  incus query -X DELETE $at/$global/Own
  refuse "Variable not found" incus query -X DELETE $at/$global/Own
  check_nvram_commands
  check_secureboot_commands
  check_failed_start
  incus delete v1
}
