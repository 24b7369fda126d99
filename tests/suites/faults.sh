# Faults: kill -9 under load, stuck and missing parts, a full disk, hostile archives. Whatever happens: acknowledged work is kept, and nothing half-made stays.

# One line per acknowledged change goes to $SUITE_DIR/done: "+ NAME" after a create, "- NAME" before a delete, "! NAME" after a start.
# It ends once $SUITE_DIR/enough exists: killed, it would leave a call behind that meets the next daemon.
load() {
  set +e  # calls fail when the daemon is killed
  local n=0 id=$1
  while [ ! -e "$SUITE_DIR/enough" ]; do
    n=$((n + 1))
    local name=l$id-$ROUND-$n
    incus init testimage "$name" -q && echo "+ $name" >> "$SUITE_DIR/done"
    case $((n % 6)) in
      0) echo "- $name" >> "$SUITE_DIR/done"; incus delete "$name" ;;
      1) incus snapshot create "$name" s0 && echo "+ $name/s0" >> "$SUITE_DIR/done" ;;
      2) incus copy "$name" "$name-c" -q && echo "+ $name-c" >> "$SUITE_DIR/done" ;;
      3) incus image import "$TEST_IMAGE" --alias "i$name" -q; incus image delete "i$name" ;;
      4) incus start "$name" && echo "! $name" >> "$SUITE_DIR/done" ;;
      5) incus start "$name"; echo "- $name" >> "$SUITE_DIR/done"; incus delete -f "$name" ;;
    esac
  done > /dev/null 2>&1
}

# What was being stopped when the daemon was killed may need a moment to end.
monitors_match() {
  [ "$(ps -eo args | grep -c '^\[lxc monitor\]' || true)" = "$(incus list status=running -f csv -c n | wc -l)" ]
}

check_after_kill() {
  local name
  incus list -f csv -c n | sort > "$SUITE_DIR/listed"
  awk '$1=="+"{have[$2]=1} $1=="-"{delete have[$2]} END{for(n in have) print n}' "$SUITE_DIR/done" | while read -r name; do
    case $name in
      */*) incus query "/1.0/instances/${name%/*}/snapshots/${name#*/}" > /dev/null 2>&1 || [ ! "$(grep -c "^- ${name%/*}\$" "$SUITE_DIR/done")" = 0 ] || fail "lost snapshot $name" ;;
      *) grep -qx "$name" "$SUITE_DIR/listed" || fail "lost $name" ;;
    esac
  done
  incus list status=running -f csv -c n | sort > "$SUITE_DIR/running"
  awk '$1=="!"{have[$2]=1} $1=="-"{delete have[$2]} END{for(n in have) print n}' "$SUITE_DIR/done" | while read -r name; do
    grep -qx "$name" "$SUITE_DIR/running" || fail "$name stopped with the daemon"
  done
  eventually 5 monitors_match
  # On disk there is what the database knows, no more.
  ls "$INCUS_DIR/storage-pools/default/containers" | sort | diff "$SUITE_DIR/listed" - || fail "the pool holds something else than the database"
  ls "$INCUS_DIR/containers" | sort | diff "$SUITE_DIR/listed" - || fail "containers/ holds something else than the database"
  [ "$(incus query /1.0/instances/keeper/state | grep -oE '"pid": ?[0-9]+')" = "$KEEPER" ] || fail "keeper was restarted"
  [ -z "$(incus operation list -f csv)" ] || fail "operations are left"
}

# What there is in files, mounts, interfaces, processes and rows; logs of the daemon itself and the database's own files aside.
# Rows of operations follow the ended ones within seconds: those are looked for in check_after_kill.
inventory() {
  find "$INCUS_DIR" -path "$INCUS_DIR/database" -prune -o -path '*/rootfs/*' -prune -o -name .trash -empty -o -print 2> /dev/null | sort
  grep -oE " $INCUS_DIR[^ ]* " /proc/self/mountinfo | sort
  ip -o link | cut -d: -f2 | cut -d@ -f1 | sort
  local process
  for process in /proc/[0-9]*; do  # ours; what runs in a container is its own business
    case $(readlink "$process/exe") in */incusbox | */dnsmasq) tr '\0' ' ' < "$process/cmdline" | cut -d' ' -f1-2 ;; esac
  done 2> /dev/null | sort
  local counts
  counts=$(incus admin sql global -f csv "SELECT group_concat('SELECT ' || quote(name) || ', count(*) FROM ' || name, ' UNION ALL ')
    FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'operations'")
  incus admin sql global -f csv "${counts//\"/}"
}
# The daemon tries KVM in a process of its own right after its start.
probe_ended() {
  ! ps -eo args | grep -q '^[^ ]*incusbox forkkvm'
}
back_to_start() {
  inventory > "$SUITE_DIR/inventory.now"
  cmp -s "$SUITE_DIR/inventory" "$SUITE_DIR/inventory.now"
}

clean_up_round() {
  local name image
  for name in $(incus list -f csv -c n | grep -v keeper); do
    echo "- $name" >> "$SUITE_DIR/done"
    incus delete -f "$name"
  done
  incus image list -f csv -c f | while read -r image; do
    incus image list -f csv -c l "$image" | grep -q testimage || incus image delete "$image" || true
  done
  # What was half deleted goes in the background.
  eventually 10 back_to_start || { diff "$SUITE_DIR/inventory" "$SUITE_DIR/inventory.now"; fail "round $ROUND left something over"; }
}

test_kill_under_load() {
  prepare
  incus launch testimage keeper -q
  KEEPER=$(incus query /1.0/instances/keeper/state | grep -oE '"pid": ?[0-9]+')
  : > "$SUITE_DIR/done"
  local kills=${FAULT_KILLS:-8}
  eventually 20 probe_ended
  inventory > "$SUITE_DIR/inventory"
  for ROUND in $(seq "$kills"); do
    rm -f "$SUITE_DIR/enough"
    load a &
    load b &
    sleep "$((RANDOM % 2)).$((RANDOM % 90 + 10))"
    kill -9 "$DAEMON_PID"
    touch "$SUITE_DIR/enough"
    wait 2> /dev/null || true
    start_daemon
    check_after_kill
    clean_up_round
  done
  incus delete -f keeper
}

# hostile NAME: an image tarball from the folder $SUITE_DIR/h, which must be refused or kept inside.
import_hostile() {
  tar -C "$SUITE_DIR/h" -cPf "$SUITE_DIR/hostile.tar" "$@"
  if incus image import "$SUITE_DIR/hostile.tar" --alias hostile -q; then
    incus init hostile victim -q || true
    incus delete -f victim 2> /dev/null || true
    incus image delete hostile
  fi
  [ ! -e "$SUITE_DIR/canary-hit" ] && [ "$(cat "$SUITE_DIR/canary")" = untouched ] || fail "an archive reached outside"
  expect "" incus list -f csv
}

test_hostile_archives() {
  prepare
  mkdir -p "$SUITE_DIR/h/rootfs" && echo untouched > "$SUITE_DIR/canary"
  printf 'architecture: x86_64\ncreation_date: 1\n' > "$SUITE_DIR/h/metadata.yaml"
  # A path that climbs out, and an absolute one.
  echo bad > "$SUITE_DIR/h/evil"
  import_hostile metadata.yaml rootfs --transform="s,^evil,../../../../../../../..$SUITE_DIR/canary-hit," evil
  import_hostile metadata.yaml rootfs --transform="s,^evil,$SUITE_DIR/canary-hit," evil
  # rootfs as a link, then files beneath it.
  rm -r "$SUITE_DIR/h/rootfs" && ln -s "$SUITE_DIR" "$SUITE_DIR/h/rootfs"
  import_hostile metadata.yaml rootfs --transform='s,^evil,rootfs/canary,' evil
  rm "$SUITE_DIR/h/rootfs" && mkdir "$SUITE_DIR/h/rootfs"
  # No metadata at all.
  tar -C "$SUITE_DIR/h" -cf "$SUITE_DIR/bare.tar" rootfs
  refuse 'metadata' incus image import "$SUITE_DIR/bare.tar" --alias bare
  head -c 100000 /dev/urandom > "$SUITE_DIR/noise"
  refuse . incus image import "$SUITE_DIR/noise" --alias noise
  # The daemon still works.
  incus launch testimage c1 -q
  incus delete -f c1
}

# hostile_backup PATTERN: the folder $SUITE_DIR/b as a backup is refused with a message like that, and nothing of it stays.
hostile_backup() {
  tar -C "$SUITE_DIR/b" -cPf "$SUITE_DIR/hostile.tar" backup/index.yaml "${@:2}" backup
  refuse "$1" incus import "$SUITE_DIR/hostile.tar" victim
  expect c1 incus list -f csv -c n
  expect c1 ls "$INCUS_DIR/storage-pools/default/containers"
  [ ! -e "$SUITE_DIR/canary-hit" ] && [ "$(cat "$SUITE_DIR/canary")" = untouched ] || fail "a backup reached outside"
}

test_hostile_backups() {
  prepare
  incus init testimage c1 --no-profiles -s default
  incus export c1 "$SUITE_DIR/good.tar" --compression none
  echo untouched > "$SUITE_DIR/canary"
  mkdir "$SUITE_DIR/b" && tar -C "$SUITE_DIR/b" -xpf "$SUITE_DIR/good.tar"
  local tree=$SUITE_DIR/b/backup/container
  # The root file system is the host's; what the daemon writes goes elsewhere; a pipe where it reads.
  mv "$tree/rootfs" "$SUITE_DIR/rootfs" && ln -s / "$tree/rootfs"
  hostile_backup 'disallowed'
  rm "$tree/rootfs" && mv "$SUITE_DIR/rootfs" "$tree/rootfs"
  mv "$tree/templates" "$SUITE_DIR/templates" 2> /dev/null || true
  ln -s "$SUITE_DIR" "$tree/templates"
  hostile_backup 'disallowed'
  # The name of a link that the daemon makes itself, which leads elsewhere.
  rm "$tree/templates" && ln -s "$SUITE_DIR" "$tree/qemu.nvram"
  hostile_backup 'disallowed'
  rm "$tree/qemu.nvram" "$tree/backup.yaml" && mkfifo "$tree/backup.yaml"
  hostile_backup 'disallowed'
  rm "$tree/backup.yaml"
  # Members that climb out, and an index that does.
  echo bad > "$SUITE_DIR/b/evil"
  hostile_backup . --transform="s,^evil,backup/container/../../../../../../../..$SUITE_DIR/canary-hit," evil
  sed -i 's/^name: .*/name: ..\/..\/x/' "$SUITE_DIR/b/backup/index.yaml"
  tar -C "$SUITE_DIR/b" -cf "$SUITE_DIR/hostile.tar" backup/index.yaml backup
  refuse . incus import "$SUITE_DIR/hostile.tar"
  # Cut off in the middle, and nothing at all.
  head -c 200000 "$SUITE_DIR/good.tar" > "$SUITE_DIR/cut.tar"
  refuse . incus import "$SUITE_DIR/cut.tar" victim
  : > "$SUITE_DIR/empty"
  refuse . incus import "$SUITE_DIR/empty" victim
  expect c1 incus list -f csv -c n
  incus import "$SUITE_DIR/good.tar" victim
  incus start victim
  incus delete -f victim c1
}

# Calls answered while $1 runs in the background: at least as many as asked for, all with success.
answered_meanwhile() {
  local pid=$1 least=$2 count=0
  while kill -0 "$pid" 2> /dev/null; do
    [ "$(api GET /1.0/instances | grep -c Success)" = 1 ] || fail "a call failed while another one was busy"
    count=$((count + 1))
  done
  [ $count -ge "$least" ] || fail "only $count calls were answered meanwhile"
}

test_others_go_on() {
  prepare
  incus init testimage c1
  mkdir "$SUITE_DIR/small"
  mount -t tmpfs -o size=300M tmpfs "$SUITE_DIR/small"
  mkdir "$SUITE_DIR/small/pool"
  incus storage create small dir source="$SUITE_DIR/small/pool"
  incus storage volume create default big
  head -c 400000000 /dev/zero > "$INCUS_DIR/storage-pools/default/custom/default_big/file"
  # Too much for the target: the copy fails, is gone, and held up nobody.
  incus storage volume copy default/big small/big > "$SUITE_DIR/said" 2>&1 &
  answered_meanwhile $! 1  # a fast machine leaves time for few
  if wait $!; then fail "400 MB went into 300"; fi
  grep -q 'space' "$SUITE_DIR/said" || fail "said $(cat "$SUITE_DIR/said")"
  expect "" incus storage volume list small -f csv
  expect "" ls -A "$SUITE_DIR/small/pool/custom"
  incus storage delete small
  umount "$SUITE_DIR/small"
  incus storage volume delete default big
  incus delete c1
}

test_full_disk() {
  incus admin init --minimal > /dev/null
  mkdir "$SUITE_DIR/small"
  mount -t tmpfs -o size=8M tmpfs "$SUITE_DIR/small"
  mkdir "$SUITE_DIR/small/pool"
  incus storage create small dir source="$SUITE_DIR/small/pool"
  incus image import "$TEST_IMAGE" --alias testimage
  head -c 7300000 /dev/zero > "$SUITE_DIR/small/filler"
  refuse 'space' incus init testimage c1 -s small
  expect "" incus list -f csv
  rm "$SUITE_DIR/small/filler"
  incus init testimage c1 -s small
  incus delete c1
  incus image delete testimage
  incus storage delete small
  umount "$SUITE_DIR/small"
}

others_answer() {
  local path
  for path in /1.0 '/1.0/instances?recursion=2' /1.0/instances/free/state '/1.0/images?recursion=1' '/1.0/networks?recursion=1' '/1.0/operations?recursion=1'; do
    timeout 60 incus query "$path" > /dev/null || fail "$path was not answered while $1"
  done
  timeout 60 incus exec free -- true || fail "no command could be run while $1"
}

# One part that hangs or is missing stops nothing else (a call that waits for it runs into its minute).
test_stuck_parts() {
  prepare
  incus launch testimage stuck -q
  incus launch testimage free -q
  local monitor stop
  monitor=$(ps -eo pid,args | awk '/\[lxc monitor\].* stuck$/ {print $1}')
  kill -STOP "$monitor"
  incus stop -f stuck &
  stop=$!
  incus exec stuck -- true 2> /dev/null &
  others_answer "a monitor was stopped"
  kill -CONT "$monitor"
  eventually 10 expect STOPPED incus list stuck -c s -f csv 2> /dev/null
  wait $stop

  mv "$INCUS_DIR/storage-pools/default/containers" "$INCUS_DIR/storage-pools/default/images" "$SUITE_DIR"
  refuse . timeout 60 incus init testimage nowhere -q
  refuse . timeout 60 incus start stuck
  others_answer "the pool's folders were missing"
  mv "$SUITE_DIR/containers" "$SUITE_DIR/images" "$INCUS_DIR/storage-pools/default/"
  incus start stuck

  mkdir -p "$SUITE_DIR/many/rootfs"
  printf 'architecture: x86_64\ncreation_date: 1\n' > "$SUITE_DIR/many/metadata.yaml"
  (cd "$SUITE_DIR/many/rootfs" && seq "${FAULT_ENTRIES:-2000}" | xargs touch)
  tar -C "$SUITE_DIR/many" -cf "$SUITE_DIR/many.tar" metadata.yaml rootfs
  (incus image import "$SUITE_DIR/many.tar" --alias many -q && incus init many large -q) &
  local import=$!
  while kill -0 $import 2> /dev/null; do others_answer "a large image was unpacked"; done
  wait $import
  incus delete large
  incus image delete many
}

# A start of the daemon leaves alone what it does not know: recovered into the database, a container that ran all the time is found running.
test_unknown_container_keeps_running() {
  prepare
  incus launch testimage c1 -q
  incus admin sql global "DELETE FROM instances WHERE name = 'c1'; DELETE FROM storage_volumes WHERE name = 'c1'" > /dev/null
  kill -9 "$DAEMON_PID"
  wait "$DAEMON_PID" 2> /dev/null || true
  start_daemon
  expect "" incus list -f csv
  printf 'no\nyes\nyes\n' | incus admin recover > /dev/null
  expect c1 incus exec c1 -- hostname
  incus delete -f c1
}

# A backup is listed while it is written; what a killed daemon left of it goes, and its name is free again.
test_backup_cut_short() {
  prepare
  incus init testimage c1 -q
  incus storage volume create default v1 -q
  local instance=/1.0/instances/c1/backups volume=/1.0/storage-pools/default/volumes/custom/v1/backups folder=$INCUS_DIR/storage-pools/default
  head -c 400M /dev/urandom > "$folder/containers/c1/rootfs/large"
  head -c 400M /dev/urandom > "$folder/custom/default_v1/large"
  local path
  for path in $instance $volume; do
    incus query -X POST -d '{"compression_algorithm":"xz"}' $path > /dev/null
    expect 1 sh -c "incus query $path | grep -c backup0"
  done
  stop_daemon KILL
  start_daemon
  for path in $instance $volume; do expect '[]' incus query $path; done
  expect "" find "$INCUS_DIR/backups" "$INCUS_DIR/unfinished" -type f
  rm "$folder/containers/c1/rootfs/large" "$folder/custom/default_v1/large"
  for path in $instance $volume; do
    incus query --wait -X POST -d '{}' $path > /dev/null
    expect 1 sh -c "incus query $path | grep -c backup0"
    # Two at a time get two names.
    incus query -X POST -d '{}' $path > /dev/null
    incus query --wait -X POST -d '{}' $path > /dev/null
    expect 1 sh -c "incus query $path | grep -c backup2"
    refuse 'already exists' incus query --wait -X POST -d '{"name":"backup2"}' $path
  done
  eventually 10 sh -c '[ -z "$(ls "$INCUS_DIR/unfinished")" ]'
  incus delete c1
  incus storage volume delete default v1
}
