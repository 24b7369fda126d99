# Devices of hardware in containers: USB devices and screens that QEMU puts into the machine of `make test-hardware`. Elsewhere this is skipped: the
# suites pull devices out of the machine they run in.

stick_is_there() { grep -qsx VMSTICK /sys/bus/usb/devices/*/serial; }
no_hardware() {
  stick_is_there && return 1
  echo "skipped: not the machine of make test-hardware"
}
controller() { ls /sys/bus/pci/drivers/xhci_hcd | grep -m1 '^0000:'; }
# field NAME: of the USB stick.
field() { cat "$(dirname "$(grep -lx VMSTICK /sys/bus/usb/devices/*/serial)")/$1"; }
stick_node() { printf '/dev/bus/usb/%03d/%03d' "$(field busnum)" "$(field devnum)"; }
pull_all() { eject=$(controller) && echo "$eject" > /sys/bus/pci/drivers/xhci_hcd/unbind; }
plug_all() { echo "$eject" > /sys/bus/pci/drivers/xhci_hcd/bind; }
inside() { incus exec c1 -- "$@"; }
numbers() { stat -c %t:%T "$1"; }

test_usb_of_hardware() {
  no_hardware && return
  prepare
  incus init testimage c1
  incus config device add c1 stick usb serial=VMSTICK mode=640 gid=7
  incus config device add c1 all usb vendorid=0627
  incus start c1
  expect "$(numbers "$(stick_node)") 640 7" inside stat -c '%t:%T %a %g' "$(stick_node)"
  # The tablet's vendor brings nothing of others'.
  expect 2 inside sh -c 'ls /dev/bus/usb/*/* | wc -l'
  # Descriptors can be read: the device rules let the container open it.
  expect 12 inside sh -c "head -c 1 $(stick_node) | od -An -tx1 | tr -d ' '"
  pull_all
  eventually 20 inside sh -c '! ls /dev/bus/usb/*/* 2> /dev/null'
  plug_all
  eventually 60 stick_is_there
  eventually 20 sh -c "incus exec c1 -- test -c $(stick_node)"
  incus config device set c1 stick attached=false
  eventually 20 sh -c "! incus exec c1 -- test -c $(stick_node)"
  incus delete -f c1
}

test_unix_hotplug_of_hardware() {
  no_hardware && return
  prepare
  incus init testimage c1
  local disk
  modprobe -q -a usb-storage sd_mod || fail "this kernel has no driver for USB sticks"  # there is no udev that would load them for what comes later
  has_disk() { disk=$(basename "$(ls -d "$(dirname "$(grep -lx VMSTICK /sys/bus/usb/devices/*/serial)")"/*/host*/target*/*/block/* 2> /dev/null)") && [ -n "$disk" ]; }
  eventually 60 has_disk
  incus config device add c1 drive unix-hotplug vendorid="$(field idVendor)" productid="$(field idProduct)" required=true
  incus start c1
  expect "$(numbers "/dev/$disk")" inside stat -c %t:%T "/dev/$disk"
  expect 512 inside sh -c "head -c 512 /dev/$disk | wc -c"
  incus config device remove c1 drive
  refuse . inside stat "/dev/$disk"
  incus config device add c1 drive unix-hotplug pci="$(controller)"
  inside test -b "/dev/$disk"
  pull_all
  eventually 20 inside sh -c "! test -b /dev/$disk"
  refuse 'Required Unix Hotplug device not found' incus config device set c1 drive required=true
  incus stop -f c1
  incus config device set c1 drive required=true
  refuse 'Required Unix Hotplug device not found' incus start c1
  plug_all
  eventually 60 has_disk
  incus delete -f c1
}

test_gpu_of_hardware() {
  no_hardware && return
  prepare
  incus init testimage c1
  local card pci
  card=$(ls /sys/class/drm | grep -m1 -x 'card[0-9]*')
  pci=$(basename "$(readlink -f "/sys/class/drm/$card/device")")
  incus config device add c1 screen gpu gid=44 mode=660
  incus start c1
  expect "$(numbers "/dev/dri/$card") 660 44" inside stat -c '%t:%T %a %g' "/dev/dri/$card"
  incus config device remove c1 screen
  refuse . inside stat "/dev/dri/$card"
  incus config device add c1 screen gpu pci="$pci"
  inside test -c "/dev/dri/$card"
  incus query /1.0/resources | grep -q "\"pci_address\": *\"$pci\""
  incus query /1.0/resources | grep -q '"product": *"QEMU USB'
  incus delete -f c1
}
