# How long other calls take while one thing fails or is stuck: `scripts/latency.sh BINARY`. A suite for scripts/run-suites, with the
# meter's program in METER and the file that takes its tables in METER_OUT. Nothing here fails because a time is long: machines differ.

METER_CALLS=(/1.0 '/1.0/instances?recursion=2' /1.0/instances/free/state '/1.0/images?recursion=1' '/1.0/networks?recursion=1'
  '/1.0/operations?recursion=1' '/1.0/storage-pools?recursion=1' '/1.0/profiles?recursion=1' 'PATCH /1.0/profiles/other {"description":"#"}')

# meanwhile WORD COMMAND...: measures the calls until the command has ended, however it ends.
meanwhile() {
  local word=$1 meter
  shift
  mkfifo "$SUITE_DIR/meter"
  "$METER" "$INCUS_DIR/unix.socket" "${METER_CALLS[@]}" < "$SUITE_DIR/meter" > "$SUITE_DIR/table" &
  meter=$!
  exec 7> "$SUITE_DIR/meter"
  local start=$(date +%s)
  "$@" > "$SUITE_DIR/said" 2>&1 7>&- || tail -1 "$SUITE_DIR/said"
  exec 7>&-
  wait $meter
  rm "$SUITE_DIR/meter"
  { echo "== $word ($(($(date +%s) - start)) s)"; cat "$SUITE_DIR/table"; } >> "$METER_OUT"
}

with_free() {
  prepare
  incus profile create other > /dev/null
  incus launch testimage free -q
}

image_head() {
  mkdir -p "$SUITE_DIR/image/rootfs"
  printf 'architecture: x86_64\ncreation_date: 1\n' > "$SUITE_DIR/image/metadata.yaml"
}

import_and_init() {
  incus image import "$1" --alias hostile -q && incus init hostile large -q
}

test_idle() {
  with_free
  meanwhile idle sleep 5
}

test_zeros() {
  with_free
  image_head
  truncate -s "${METER_ZEROS:-10G}" "$SUITE_DIR/image/rootfs/zeros"
  tar -C "$SUITE_DIR/image" -c metadata.yaml rootfs | zstd -q -1 > "$SUITE_DIR/zeros.tar.zst"
  meanwhile "zeros in an image" import_and_init "$SUITE_DIR/zeros.tar.zst"
}

# What fills the page cache and the disk's queue.
test_noise() {
  with_free
  incus storage volume create default big
  head -c "${METER_NOISE:-3G}" /dev/urandom > "$INCUS_DIR/storage-pools/default/custom/default_big/file"
  meanwhile "copy of a large volume" incus storage volume copy default/big default/big2
}

test_entries() {
  with_free
  image_head
  (cd "$SUITE_DIR/image/rootfs" && seq "${METER_ENTRIES:-1000000}" | xargs touch)
  tar -C "$SUITE_DIR/image" -cf "$SUITE_DIR/many.tar" metadata.yaml rootfs
  meanwhile "many entries in an image" import_and_init "$SUITE_DIR/many.tar"
}

test_full_disk() {
  with_free
  mkdir "$SUITE_DIR/small"
  mount -t tmpfs -o size=1G tmpfs "$SUITE_DIR/small"
  mkdir "$SUITE_DIR/small/pool"
  incus storage create small dir source="$SUITE_DIR/small/pool"
  incus storage volume create default big
  head -c 2000000000 /dev/zero > "$INCUS_DIR/storage-pools/default/custom/default_big/file"
  meanwhile "full disk" incus storage volume copy default/big small/big
  incus storage delete small
  umount "$SUITE_DIR/small"
}

some_creates() {
  local n
  for n in $(seq 20); do incus init testimage "m$n" -q; done
}

test_missing_pool_folder() {
  with_free
  incus stop -f free
  mv "$INCUS_DIR/storage-pools/default/containers" "$INCUS_DIR/storage-pools/default/images" "$SUITE_DIR"
  meanwhile "missing pool folder" some_creates
  mv "$SUITE_DIR/containers" "$SUITE_DIR/images" "$INCUS_DIR/storage-pools/default/"
}

some_networks() {
  local n
  for n in $(seq 5); do incus network create "m$n"; incus network delete "m$n"; done
}

test_missing_dnsmasq() {
  with_free
  mkdir "$SUITE_DIR/programs"
  ln -s /usr/bin/* /usr/sbin/* /bin/* /sbin/* "$SUITE_DIR/programs/" 2> /dev/null || true
  rm -f "$SUITE_DIR/programs/dnsmasq"
  stop_daemon
  PATH=$SUITE_DIR/../bin:$SUITE_DIR/programs start_daemon
  meanwhile "missing dnsmasq" some_networks
}

stop_and_resume() { # stop_and_resume PID: `stuck` is stopped and looked at while that process hangs
  kill -STOP "$1"
  local jobs
  incus stop stuck --timeout 3 & jobs=$!
  incus exec stuck -- true & jobs="$jobs $!"
  incus query /1.0/instances/stuck/state & jobs="$jobs $!"
  incus file pull stuck/etc/hostname - & jobs="$jobs $!"
  sleep 8
  kill -CONT "$1"
  # shellcheck disable=SC2086
  wait $jobs
}

test_stopped_monitor() {
  with_free
  incus launch testimage stuck -q
  meanwhile "stopped monitor" stop_and_resume "$(ps -eo pid,args | awk '/\[lxc monitor\].* stuck$/ {print $1}')"
}

test_stopped_container() {
  with_free
  incus launch testimage stuck -q
  meanwhile "stopped container" stop_and_resume "$(incus query /1.0/instances/stuck/state | grep -oE '"pid": ?[0-9]+' | grep -oE '[0-9]+')"
}
