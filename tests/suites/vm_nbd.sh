# Disks of virtual machines over NBD, and bitmaps of what changes on them. VM_TEST_IMAGE names the small guest's image.

. "$top/tests/lib/vm.sh"

# nbd_listen COMMAND...: runs it in the background; `port` is where it listens.
nbd_listen() {
  "$@" > "$SUITE_DIR/nbd.out" 2>&1 &
  nbd=$!
  eventually 5 grep -q 'NBD listening on 127.0.0.1:' "$SUITE_DIR/nbd.out"
  port=$(sed -n 's/^NBD listening on 127.0.0.1://p' "$SUITE_DIR/nbd.out")
}
# A connection on descriptor 7 that the server greets.
stay_connected() {
  exec 7<> "/dev/tcp/127.0.0.1/$port"
  head -c 8 <&7 | grep -q NBDMAGIC || fail "no server: $(cat "$SUITE_DIR/nbd.out")"
}
# nbd_refuses PATTERN COMMAND...: it listens, and has no server for who comes.
nbd_refuses() {
  local pattern=$1
  shift
  nbd_listen "$@"
  refuse . qemu-img info "nbd://127.0.0.1:$port"
  if wait $nbd; then fail "$* succeeded"; fi
  grep -q "NBD connection failed: .*$pattern" "$SUITE_DIR/nbd.out" || fail "$* said $(cat "$SUITE_DIR/nbd.out")"
}
# fetch EXPORT FILE: the whole disk.
fetch() { qemu-img convert -f raw -O raw "nbd://127.0.0.1:$port/$1" "$2"; }
# dirty EXPORT BITMAP: the start of each run of blocks that changed.
dirty() {
  qemu-img map --output=json --image-opts "driver=nbd,host=127.0.0.1,port=$port,export=$1,x-dirty-bitmap=qemu:dirty-bitmap:$2" |
    python3 -c 'import json, sys; print(*[e["start"] for e in json.load(sys.stdin) if not e["data"]])'
}
idle() { ! grep -q . <(ls "$INCUS_DIR/run/v1/qemu.nbd" 2> /dev/null); }
# Nothing of exports is left in QEMU: no file without a name.
clean() { idle && [ -z "$(ls -l "/proc/$(machine_process)/fd" | grep '(deleted)' | grep -v memfd)" ]; }

test_vm_nbd_stopped() {
  vm_prepare
  incus storage volume create default data --type=block size=16MiB
  incus storage volume create default files
  refuse 'Only block volumes' incus storage volume bitmap list default files
  refuse 'not attached to running instance' incus storage volume bitmap list default data
  nbd_listen incus storage volume nbd default data --writable
  qemu-io -f raw -c 'write -P 0x41 4096 4096' "nbd://127.0.0.1:$port" > /dev/null
  wait $nbd
  grep -q '^NBD client disconnected "127.0.0.1:' "$SUITE_DIR/nbd.out"
  expect AAAA sh -c "tail -c +4097 '$INCUS_DIR/storage-pools/default/custom/default_data/root.img' | head -c 4"
  # Read only, unless asked for.
  nbd_listen incus storage volume nbd default data
  refuse . qemu-io -f raw -c 'write 0 4096' "nbd://127.0.0.1:$port"
  wait $nbd
  # A guest that writes a header of another format gets nobody to follow it.
  qemu-img create -q -f qcow2 -o backing_file=/etc/passwd,backing_fmt=raw "$SUITE_DIR/evil.qcow2" 16M
  cp "$SUITE_DIR/evil.qcow2" "$INCUS_DIR/storage-pools/default/custom/default_data/root.img"
  truncate -s 16M "$INCUS_DIR/storage-pools/default/custom/default_data/root.img"
  nbd_listen incus storage volume nbd default data
  fetch "" "$SUITE_DIR/read"
  wait $nbd
  cmp "$SUITE_DIR/read" "$INCUS_DIR/storage-pools/default/custom/default_data/root.img"
  # The root disk of a machine, and who writes a disk keeps the machine from starting.
  vm_init v1 -c qemu.machine=microvm
  nbd_listen incus storage volume nbd default virtual-machine/v1 --writable
  stay_connected
  refuse 'being written over NBD' incus start v1
  exec 7<&-
  wait $nbd
  refuse 'requires the instance to be running' incus low-level bitmap create v1 b1
  incus delete v1
  incus storage volume delete default data
  incus storage volume delete default files
}

test_vm_nbd_running() {
  vm_prepare
  incus storage volume create default data --type=block size=16MiB
  vm_init v1
  incus storage volume attach default data v1 data
  vm_boot v1
  local disk
  disk=$(in_v1 'for d in /sys/block/*; do test "$(cat $d/size)" = 32768 && echo /dev/${d##*/}; done; true')
  [ -n "$disk" ] || fail "no disk: $(in_v1 'cat /proc/partitions')"
  in_v1 "printf before | dd of=$disk bs=64K seek=3 conv=fsync 2> /dev/null"
  incus storage volume bitmap create default data b1 --granularity 65536
  refuse 'Bitmap already exists: b1' incus storage volume bitmap create default data b1
  expect 'b1,0,65536,YES,NO,NO,NO' incus storage volume bitmap list default data -f csv
  in_v1 "printf changed | dd of=$disk bs=64K seek=5 conv=fsync 2> /dev/null"
  expect 'b1,65536,65536,YES,NO,NO,NO' incus storage volume bitmap list default data -f csv
  # As it was when the first client came, whatever is written then; bitmaps with it. A second client reads the same.
  nbd_listen incus low-level nbd v1
  stay_connected
  in_v1 "printf later | dd of=$disk bs=64K seek=3 conv=fsync 2> /dev/null; printf later | dd of=$disk bs=64K seek=9 conv=fsync 2> /dev/null"
  fetch data "$SUITE_DIR/data"
  expect before sh -c "tail -c +$((3 * 65536 + 1)) '$SUITE_DIR/data' | head -c 6"
  expect changed sh -c "tail -c +$((5 * 65536 + 1)) '$SUITE_DIR/data' | head -c 7"
  expect 0 sh -c "tail -c +$((9 * 65536 + 1)) '$SUITE_DIR/data' | head -c 5 | tr -d '\\0' | wc -c"
  expect $((5 * 65536)) dirty data b1
  fetch root "$SUITE_DIR/root"
  expect "$(stat -Lc %s "$INCUS_DIR/virtual-machines/v1/root.img")" stat -c %s "$SUITE_DIR/root"
  local first=$nbd
  nbd_refuses 'already in progress' incus storage volume nbd default data
  nbd=$first
  exec 7<&-
  eventually 10 clean
  kill $nbd
  in_v1 "dd if=$disk bs=64K skip=3 count=1 2> /dev/null | head -c 5 | grep -q later"
  nbd_refuses 'Writable NBD requires the instance be stopped' incus storage volume nbd default data --writable
  # One disk; a daemon that is killed meanwhile leaves nothing that is in the way.
  nbd_listen incus storage volume nbd default data
  stay_connected
  stop_daemon KILL
  start_daemon
  exec 7<&-
  wait $nbd
  nbd_listen incus storage volume nbd default data
  fetch "" "$SUITE_DIR/data"
  wait $nbd
  expect later sh -c "tail -c +$((3 * 65536 + 1)) '$SUITE_DIR/data' | head -c 5"
  eventually 10 clean
  incus storage volume bitmap delete default data b1
  expect '' incus storage volume bitmap list default data -f csv
  refuse 'cannot be kept on disk' incus low-level bitmap create v1 all --persistent
  incus low-level bitmap create v1 all --disabled
  expect 'all,0,65536,NO,NO,NO,NO' incus storage volume bitmap list default virtual-machine/v1 -f csv
  incus delete -f v1
  incus storage volume delete default data
}
