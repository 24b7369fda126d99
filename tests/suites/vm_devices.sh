# Devices and limits of virtual machines through the client, with our small guest (VM_TEST_IMAGE): what is there at the start, and what comes, changes and
# goes while it runs. One boot checks many things. What the guest's kernel has no driver for (USB disks) is looked for in QEMU, over a monitor of our own.

. "$top/tests/lib/vm.sh"

qmp() { "$top/tests/lib/qmp.py" "$SUITE_DIR/qmp" "$@"; }
# property DEVICE NAME: of a device of v1 in QEMU.
property() { qmp qom-get "{\"path\": \"/machine/peripheral/dev-incus_$1\", \"property\": \"$2\"}"; }
in_qemu() { qmp qom-list '{"path": "/machine/peripheral"}' | grep -q "\"dev-incus_$1\""; }
# What is gone has to be seen gone: no answer is none.
not_in_qemu() { local all; all=$(qmp qom-list '{"path": "/machine/peripheral"}') && ! grep -q "\"dev-incus_$1\"" <<< "$all"; }
# node DISK KEY: what QEMU says about the file behind a disk, as "key":value
node() { qmp query-named-block-nodes '{"flat": true}' | tr '{}' '\n\n' | grep -A40 "incus_$1\"" | grep -o "\"$2\":[^,]*" | head -1; }
in_blocks() { qmp query-block | grep -q "$1"; }
not_in_blocks() { local all; all=$(qmp query-block) && ! grep -q "$1" <<< "$all"; }
refused() { if "$@"; then fail "$* succeeded"; fi; }
has_size() { in_v1 "cat /sys/block/*/size | grep -qx $1"; }
has_no_size() { local all; all=$(in_v1 'cat /sys/block/*/size') && ! grep -qx "$1" <<< "$all"; }
address() { in_v1 "grep -lx $1 /sys/class/net/*/address" | cut -d/ -f5; } # address HWADDR: name of that interface in the guest
there() { [ -n "$(address "$1")" ]; }
gone() { local all; all=$(in_v1 'cat /sys/class/net/*/address') && ! grep -qx "$1" <<< "$all"; }

prepare_machine() {
  vm_prepare
  vm_init v1 "$@"
}

disks_at_start() {
  incus config device override v1 root io.bus=virtio-blk io.cache=unsafe size=10300MiB
  local bus
  for bus in nvme usb virtio-scsi; do incus storage volume create default "$bus" --type=block size=8MiB; done
  incus config device add v1 nvme disk pool=default source=nvme io.bus=nvme boot.priority=5
  incus config device add v1 usb disk pool=default source=usb io.bus=usb
  incus config device add v1 scsi disk pool=default source=virtio-scsi wwn=0x5000c500a1b2c3d4 limits.read=30iops limits.write=1MiB io.cache=writeback
}

# A disk from daemon to guest that holds the agent, one that holds what cloud-init looks for.
drives_at_start() {
  incus config set v1 cloud-init.user-data="$(printf '#cloud-config\nhostname: drive')"
  incus config device add v1 agent disk source=agent:config
  incus config device add v1 seed disk source=cloud-init:config
}

check_drives() {
  local words='for d in /dev/sr*; do mount -t iso9660 -o ro $d /mnt && { ls /mnt; cat /mnt/user-data; umount /mnt; }; done 2> /dev/null'
  in_v1 "$words" > "$SUITE_DIR/drives"
  local name
  for name in incus-agent agent.conf agent.crt agent.key install.sh server.crt user-data meta-data vendor-data 'hostname: drive'; do
    grep -q "^$name" "$SUITE_DIR/drives" || fail "$name is not on the drives: $(cat "$SUITE_DIR/drives")"
  done
}

# let_go FILE: the guest ejects the discs of that size, with a program of the host's. (A disc that is open otherwise is locked.)
let_go() {
  in_v1 "for disk in /sys/block/sr*; do
      test \$(cat \$disk/size) != $(($(stat -c %s "$1") / 512)) ||
        chroot /srv/host python3 -c 'import fcntl, os, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK), 0x5309)' /dev/\${disk##*/} || exit
    done"
}

# A disc that the guest lets go leaves the machine: for good where the instance says so itself, else until there is a new QEMU.
check_ejected() {
  [ -n "$(ls /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd 2> /dev/null)" ] || { echo "not checked: virtiofsd is missing"; return; }
  head -c 71680 /dev/urandom > "$SUITE_DIR/cd.iso"
  incus storage volume import default "$SUITE_DIR/cd.iso" cd --type=iso
  incus config device add v1 cd disk pool=default source=cd
  incus config device add v1 host disk source=/ path=/srv/host readonly=true
  eventually 10 in_v1 'test -e /srv/host/usr/bin/python3'
  in_v1 'mount -t devtmpfs dev /srv/host/dev'
  eventually 10 in_v1 'grep -qx 140 /sys/block/sr*/size'
  incus config unset v1 volatile.vm.needs_reset
  let_go "$SUITE_DIR/cd.iso"
  eventually 10 not_in_qemu cd
  expect false incus config device get v1 cd attached
  expect "" incus config get v1 volatile.vm.needs_reset
  incus config device set v1 cd attached=true
  in_qemu cd
  incus config device set v1 cd attached=false
  not_in_qemu cd
  let_go "$INCUS_DIR/virtual-machines/v1/agent.iso"
  eventually 10 not_in_qemu agent
  eventually 10 sh -c 'test "$(incus config get v1 volatile.vm.needs_reset)" = true'
  expect "" incus config device get v1 agent attached
  in_v1 'umount /srv/host/dev'
  incus config device remove v1 host
  incus config device remove v1 cd
  incus storage volume delete default cd
}

# A platform's own CA: new TPMs get a certified endorsement key.
tpm_at_start() {
  command -v swtpm > /dev/null || return 0
  if command -v swtpm_setup > /dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=platform -days 30 -addext basicConstraints=critical,CA:true -keyout "$SUITE_DIR/ca.key" -out "$SUITE_DIR/ca.crt" 2> /dev/null
    incus config set instances.tpm.platform_cert="$(cat "$SUITE_DIR/ca.crt")" instances.tpm.platform_key="$(cat "$SUITE_DIR/ca.key")"
  fi
  incus config device add v1 chip tpm
}

check_tpm() {
  command -v swtpm > /dev/null || { echo "no swtpm: TPMs not tested"; return 0; }
  in_v1 'test "$(cat /sys/class/tpm/tpm0/tpm_version_major)" = 2'
  command -v swtpm_setup > /dev/null || { echo "no swtpm_setup: certified TPMs not tested"; return 0; }
  [ -z "$(ls "$INCUS_DIR/run/v1" | grep swtpm-setup)" ] || fail "the CA's key is left"
  # The certificate lies in the TPM's NVRAM: in swtpm's state as it is.
  grep -aq platform "$INCUS_DIR/virtual-machines/v1/tpm.chip/tpm2-00.permall" || fail "the TPM has no certificate of the platform"
}

nics_at_start() {
  incus network create uplink ipv4.address=10.99.0.1/24 ipv6.address=none
  incus config set v1 agent.nic_config=true
  incus config device add v1 peer nic nictype=p2p hwaddr=00:16:3e:00:00:01 host_name=peer0 mtu=1400 name=cross
  incus config device add v1 way nic nictype=routed hwaddr=00:16:3e:00:00:02 host_name=way0 parent=uplink ipv4.address=10.99.0.9
}

check_disks_at_start() {
  in_v1 'test "$(cat /sys/block/vda/size)" = 21094400 && test "$(cat /sys/block/nvme0n1/size)" = 16384'
  expect naa.5000c500a1b2c3d4 in_v1 'cat /sys/block/sda/device/wwid'
  in_qemu usb
  expect '"no-flush":true' node root no-flush
  in_blocks '"iops_rd":30,'
  # Highest boot.priority first, then the root disk, other disks, NICs.
  expect "1 2 7" echo "$(property nvme bootindex) $(property root bootindex) $(property eth0 bootindex)"
  # Changes of limits are for at once.
  incus config device set v1 scsi limits.read=2MiB
  in_blocks '"bps_rd":2097152,'
  incus config device unset v1 scsi limits.read
  not_in_blocks '"bps_rd":2097152,'
  refuse 'Cannot apply changes to root disk' incus config device set v1 root io.cache=none
}

check_nics_at_start() {
  expect cross address 00:16:3e:00:00:01
  expect 1400 in_v1 "cat /sys/class/net/$(address 00:16:3e:00:00:01)/mtu"
  ip link show peer0 > /dev/null
  ip route show dev way0 | grep -q '^10.99.0.9 '
  ip address add 10.98.0.1/24 dev peer0
  in_v1 "ip address add 10.98.0.2/24 dev $(address 00:16:3e:00:00:01)
    ip address add 10.99.0.9/32 dev $(address 00:16:3e:00:00:02) && ip route add 169.254.0.1 dev $(address 00:16:3e:00:00:02)"
  eventually 10 in_v1 'ping -qc1 -W1 10.98.0.1 > /dev/null'
  eventually 10 in_v1 'ping -qc1 -W1 169.254.0.1 > /dev/null'
  # NICs come first on the bus, in the order of their names.
  expect "eth0 peer way" echo $(qmp query-pci | grep -o 'dev-incus_[a-z0-9]*' | cut -d_ -f2 | head -3)
  # The link goes down as the guest sees it, and comes back.
  incus config device set v1 peer connected=false
  eventually 10 in_v1 "test \"\$(cat /sys/class/net/$(address 00:16:3e:00:00:01)/carrier)\" = 0"
  incus config device set v1 peer connected=true
  eventually 10 in_v1 "test \"\$(cat /sys/class/net/$(address 00:16:3e:00:00:01)/carrier)\" = 1"
  if tc qdisc add dev lo root handle 77: htb 2> /dev/null; then
    tc qdisc del dev lo root
    incus config device set v1 peer limits.ingress=1Mbit
    tc class show dev peer0 | grep -q 'rate 1Mbit'
    incus config device unset v1 peer limits.ingress
  else
    echo "not checked: no tc, or no htb in this kernel"
  fi
}

check_disks_while_running() {
  incus storage volume create default data --type=block size=16MiB
  local bus
  for bus in virtio-scsi virtio-blk nvme; do
    incus config device add v1 data disk pool=default source=data io.bus=$bus
    eventually 10 has_size 32768
    incus config device remove v1 data
    eventually 10 has_no_size 32768
  done
  incus config device add v1 data disk pool=default source=data io.bus=usb
  in_qemu data
  incus config device remove v1 data
  not_in_qemu data
  # Volumes and the root disk grow under the guest's eyes; nothing shrinks.
  incus storage volume attach default data v1
  eventually 10 has_size 32768
  incus storage volume set default data size=24MiB
  eventually 10 has_size 49152
  refuse 'shrunk' incus storage volume set default data size=8MiB
  incus storage volume detach default data v1
  incus config device set v1 root size=10400MiB
  eventually 10 has_size 21299200
  refuse 'shrunk' incus config device set v1 root size=100MiB
  truncate -s 5M "$SUITE_DIR/file"
  incus config device add v1 file disk source="$SUITE_DIR/file"
  eventually 10 has_size 10240
  incus config device remove v1 file
  refuse 'not supported on VMs' incus config device add v1 file disk source="$SUITE_DIR/file" path=/mnt
  has_no_size 10240
}

check_shares_while_running() {
  [ -x /usr/libexec/virtiofsd ] || [ -x /usr/lib/qemu/virtiofsd ] || { echo "not checked: virtiofsd is missing"; return; }
  incus storage volume create default files
  incus storage volume attach default files v1 files /srv/files
  eventually 10 in_v1 'grep -q " /srv/files virtiofs" /proc/mounts'
  in_v1 'echo word > /srv/files/made'
  expect word cat "$INCUS_DIR/storage-pools/default/custom/default_files/made"
  expect virtiofs incus config get v1 volatile.files.io.bus
  incus storage volume detach default files v1
  eventually 10 in_v1 '! grep -q " /srv/files " /proc/mounts'
  expect "" incus config get v1 volatile.files.io.bus
}

check_nics_while_running() {
  incus config device add v1 late nic nictype=p2p hwaddr=00:16:3e:00:00:03 host_name=late0
  eventually 10 there 00:16:3e:00:00:03
  incus config device remove v1 late
  eventually 10 gone 00:16:3e:00:00:03
  refused ip link show late0
  incus config device add v1 late nic nictype=routed hwaddr=00:16:3e:00:00:04 parent=uplink ipv4.address=10.99.0.10 ipv4.gateway=none ipv6.gateway=none
  eventually 10 there 00:16:3e:00:00:04
  incus config device remove v1 late
  eventually 10 gone 00:16:3e:00:00:04
  if ip link add probe0 link uplink type macvtap 2> /dev/null; then
    ip link del probe0
    incus config device add v1 late nic nictype=macvlan parent=uplink hwaddr=00:16:3e:00:00:05
    eventually 10 there 00:16:3e:00:00:05
    incus config device remove v1 late
    eventually 10 gone 00:16:3e:00:00:05
  else
    echo "not checked: no macvtap in this kernel"
  fi
}

memory_is() { [ "$(in_v1 'awk "/^MemTotal/{print int(\$2 / 1024)}" /proc/meminfo')" -ge "$1" ]; }

check_limits() {
  local before key
  before=$(in_v1 'awk "/^MemTotal/{print int(\$2 / 1024)}" /proc/meminfo')
  # 128 MiB are plugged; not all guests take them by themselves. (The balloon is vm_life's.)
  incus config set v1 limits.memory=512MiB
  in_v1 'for block in /sys/devices/system/memory/memory*/state; do grep -q online $block || echo online > $block; done'
  eventually 10 memory_is $((before + 100))
  refuse 'exceeds instance current maximum' incus config set v1 limits.memory=90000GiB
  refuse 'exceeds instance current maximum' incus config set v1 limits.cpu=4000
  refuse 'explicit CPU topology when the VM is running' incus config set v1 limits.cpu=0-1
  for key in limits.memory.hugepages=true limits.cpu.nodes=0 raw.qemu=x migration.stateful=true; do
    refuse "Key .${key%%=*}. cannot be updated when VM is running" incus config set v1 "$key"
  done
  expect 512MiB incus config get v1 limits.memory
}

check_refusals() {
  refuse 'cannot be added when instance is running' incus config device add v1 second tpm
  ! command -v swtpm > /dev/null || refuse 'cannot be removed when instance is running' incus config device remove v1 chip
  refuse 'cannot be added when instance is running' incus config device add v1 odd disk source=/srv path=/srv/odd io.bus=9p
  local device
  for device in "unix-char source=/dev/null path=/dev/null" "unix-block path=/dev/loop0" "unix-hotplug vendorid=1234"; do
    refuse 'Unsupported device type' incus config device add v1 odd $device
  done
  refuse 'Only NAT mode' incus config device add v1 odd proxy listen=tcp:127.0.0.1:80 connect=tcp:127.0.0.1:80
  refuse 'only be set on virtio-scsi' incus config device add v1 odd disk pool=default source=data io.bus=nvme wwn=0x5000c500a1b2c3d4
  refuse 'only be applied to ISO volumes' incus config device add v1 odd disk pool=default source=data attached=false
}

# What the guest makes of its clock stays.
check_clock() {
  incus config get v1 volatile.vm.rtc_offset | grep -qE '^-?[0-9]{1,3}$'
  in_v1 'date -s @$(($(date +%s) + 86400)) > /dev/null && hwclock -w -u'
  eventually 10 sh -c 'incus config get v1 volatile.vm.rtc_offset | grep -qE "^8[56][0-9]{3}$"'
  in_v1 'date -s @$(($(date +%s) - 86400)) > /dev/null'
}

check_raw() {
  qmp query-chardev | grep -q '"label":"early"'
  qmp query-chardev | grep -q '"label":"late"'
  grep -q '^\[chardev "ours"\]' "$INCUS_DIR/run/v1/qemu.conf"
  api GET '/1.0/instances/v1/console?type=vga' > "$SUITE_DIR/screen"
  head -c 4 "$SUITE_DIR/screen" | grep -q PNG
  api GET /1.0/metrics | grep 'name="v1"' | grep -q '^incus_memory_MemTotal_bytes{.*type="virtual-machine"'
}

test_vm_devices() {
  prepare_machine -c raw.qemu="-qmp unix:$SUITE_DIR/qmp,server=on,wait=off" -c raw.qemu.conf="$(printf '[chardev "ours"]\nbackend = "ringbuf"\n')" \
    -c raw.qemu.qmp.early='[{"execute":"chardev-add","arguments":{"id":"early","backend":{"type":"ringbuf","data":{}}}}]' \
    -c raw.qemu.qmp.post-start='[{"execute":"chardev-add","arguments":{"id":"late","backend":{"type":"ringbuf","data":{}}}}]'
  disks_at_start
  nics_at_start
  drives_at_start
  tpm_at_start
  vm_boot v1
  check_disks_at_start
  check_nics_at_start
  check_disks_while_running
  check_shares_while_running
  check_nics_while_running
  check_limits
  check_drives
  check_ejected
  check_tpm
  check_clock
  check_refusals
  check_raw
  incus delete -f v1
  incus network delete uplink
  local left
  for left in data nvme usb virtio-scsi; do incus storage volume delete default $left; done
  [ -z "$(ip -o link | grep -E 'peer0|way0')" ] || fail "interfaces are left"
}

# Firmware by keys: which files QEMU is given. The guest is not waited for.
test_vm_firmware() {
  prepare_machine
  local conf=$INCUS_DIR/run/v1/qemu.conf
  incus start v1
  grep -q 'OVMF_CODE' "$conf" || fail "no UEFI firmware"
  if grep -q '^\[rtc\]' "$conf"; then fail "a clock of its own"; fi
  # Another firmware has other variables.
  incus config set v1 security.csm=true
  expect true incus config get v1 volatile.apply_nvram
  incus stop -f v1
  # So its guest left the clock.
  incus config set v1 volatile.vm.rtc_adjustment=400 volatile.vm.rtc_offset=-1000000
  incus start v1
  grep -q "^base = \"$(date -u -d @$(($(date +%s) - 999600)) +%Y-%m-%dT)" "$conf" || fail "the clock was lost"
  expect -999600 incus config get v1 volatile.vm.rtc_adjustment
  expect 0 incus config get v1 volatile.vm.rtc_offset
  if grep -q 'pflash' "$conf"; then fail "a BIOS with variables"; fi
  incus stop -f v1
  incus config unset v1 security.csm
  incus config unset v1 security.secureboot
  refuse 'incompatible with secureboot' incus start v1
  incus config set v1 image.requirements.secureboot=
  incus start v1
  grep -qE 'secboot|\.ms\.' "$conf" || fail "no firmware with secure boot"
  incus delete -f v1
}
