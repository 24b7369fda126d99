# A Debian system with systemd and cloud-init as a guest (scripts/debian-guest.sh, VM_DEBIAN_IMAGE), through all that is done to machines. It runs with
# VM_LONG=1 only: its image takes minutes to build, and each boot one under emulation. VM_AGENT=FILE puts that agent into the guests instead of ours:
# the real one has to do as well.
# seconds: 3000

. "$top/tests/lib/vm.sh"
VM_PATIENCE=200
# The daemon, which is started next, reads where the agent is. A development build of ours is too large for the place that guests have for it.
mkdir -p "$SUITE_DIR/agents"
agent=$SUITE_DIR/agents/incus-agent.linux.$(uname -m)
if [ -n "${VM_AGENT:-}" ]; then cp "$VM_AGENT" "$agent"; else strip -o "$agent" "$(command -v incusd)" 2> /dev/null || cp "$(command -v incusd)" "$agent"; fi
export INCUS_AGENT_PATH=$SUITE_DIR/agents

init_debian() { # init_debian NAME [FLAGS...]
  local name=$1
  shift
  incus init debian "$name" --vm -c security.secureboot=false -c limits.memory=768MiB "$@"
}
in_d1() { incus exec d1 -- sh -c "$1"; }
# Waits inside, as calls cost an emulated guest more than what it waits for.
cloud_init_done() { incus exec "$1" -- sh -c 'for i in $(seq 100); do test -e /run/cloud-init/result.json && exit 0; sleep 1; done; exit 1'; }
has() { in_d1 "$1" > /dev/null 2>&1; }
has_not() { incus exec d1 -- true && ! has "$1"; }
guest_api() { in_d1 "curl -sf --max-time 40 --unix-socket /dev/incus/sock http://incus$1"; }
guest_hears() { [ "$(guest_api "$1" 2> /dev/null)" = "$2" ]; }
shows() { "${@:2}" 2> /dev/null | grep -q "$1"; }

# What cloud-init makes of the instance's keys, which it reads from /dev/incus.
user_data='#cloud-config
hostname: cloudy
users:
- {name: bob, shell: /bin/bash}
write_files:
- {path: /etc/note, content: hello}'
network_config='version: 2
ethernets:
  lan: {match: {macaddress: "00:16:3e:11:22:01"}, set-name: lan, dhcp4: true, addresses: [192.0.2.7/24]}'

check_cloud_init() {
  eventually 200 cloud_init_done d1
  expect cloudy in_d1 hostname
  expect hello in_d1 'cat /etc/note'
  expect bob:/bin/bash in_d1 'getent passwd bob | cut -d: -f1,7'
  expect DataSourceLXD in_d1 'sed -n "s/.*\"datasource\": \"\([A-Za-z]*\).*/\1/p" /run/cloud-init/result.json'
  expect "$(incus config get d1 volatile.cloud-init.instance-id)" in_d1 'cat /var/lib/cloud/data/instance-id'
  eventually 10 shows '192\.0\.2\.7' incus list d1 -c 4 -f csv
  eventually 10 shows "$(incus network get incusbr0 ipv4.address | cut -d. -f1-3)" incus list d1 -c 4 -f csv
  in_d1 'test $(df --output=size / | tail -1) -gt 9000000' || fail "the root did not grow: $(in_d1 'df /')"
}

check_commands() {
  local code=0
  expect "1000:100:/tmp:word" incus exec d1 --user 1000 --group 100 --cwd /tmp --env A=word -- sh -c 'echo $(id -u):$(id -g):$PWD:$A'
  in_d1 'exit 42' || code=$?
  [ $code = 42 ] || fail "exit code $code"
  code=0
  incus exec d1 -- nosuch 2> /dev/null || code=$?
  [ $code = 127 ] || fail "a program that is not there: exit code $code"
  expect "$(printf '20 70\n\n31 91')" python3 "$top/tests/lib/terminal.py" 20x70 31x91 incus exec -t d1 -- sh -c 'stty size; read word; sleep 1; stty size'
  # Signals go on to the command.
  incus exec d1 -- sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done' > "$SUITE_DIR/said" 2>&1 &
  local client=$!
  eventually 10 grep -q ready "$SUITE_DIR/said"
  kill -TERM $client
  code=0
  wait $client || code=$?
  [ $code = 7 ] || fail "a command that got SIGTERM: exit code $code"
}

check_files() {
  # The real agent's file server takes targets of links from the root on: only absolute ones arrive as they are.
  local from=$SUITE_DIR/from target=b/small
  [ -z "${VM_AGENT:-}" ] || target=/srv/a/b/small
  mkdir -p "$from/a/b"
  head -c 3000000 /dev/urandom > "$from/a/big"
  echo small > "$from/a/b/small"
  chmod 640 "$from/a/b/small"
  chmod 711 "$from/a/b"
  ln -s "$target" "$from/a/link"
  incus file push -r "$from/a" d1/srv
  expect "$(cd "$from" && find a | sort | xargs stat -c '%n %a %F')" in_d1 'cd /srv && find a | sort | xargs stat -c "%n %a %F"'
  expect "$target" in_d1 'readlink /srv/a/link'
  mkdir "$SUITE_DIR/back"
  incus file pull -r d1/srv/a "$SUITE_DIR/back"
  diff -r --no-dereference "$from/a" "$SUITE_DIR/back/a"
  incus file push --uid 1000 --gid 100 --mode 0604 "$from/a/b/small" d1/srv/p/q/owned -p
  expect 1000:100:604 in_d1 'stat -c %u:%g:%a /srv/p/q/owned'
  expect small incus file pull d1/srv/a/link -
  incus file delete d1/srv/p/q/owned
  has_not 'test -e /srv/p/q/owned'
}

check_state() {
  incus info d1 > "$SUITE_DIR/info"
  local processes
  processes=$(sed -n 's/^ *Processes: //p' "$SUITE_DIR/info")
  [ "$processes" -gt 20 ] || fail "processes: $processes"
  grep -q "^    lan:" "$SUITE_DIR/info" || fail "no network lan: $(cat "$SUITE_DIR/info")"
  incus query /1.0/instances/d1/state > "$SUITE_DIR/state"
  grep -q '"os": *"Debian GNU/Linux"' "$SUITE_DIR/state" || fail "no names: $(cat "$SUITE_DIR/state")"
  grep -q "\"kernel_version\": *\"$(in_d1 'uname -r')\"" "$SUITE_DIR/state"
  incus query --raw /1.0/metrics | grep 'name="d1"' > "$SUITE_DIR/metrics"
  expect "" sh -c "cut -d' ' -f1 '$SUITE_DIR/metrics' | sort | uniq -d"
  grep -q '^incus_procs_total{.*} [1-9]' "$SUITE_DIR/metrics"
  grep -q "^incus_network_receive_bytes_total{device=\"lan\".*} [1-9]" "$SUITE_DIR/metrics"
  grep -q '^incus_filesystem_size_bytes{.*mountpoint="/".*} [1-9]' "$SUITE_DIR/metrics"
}

check_limits() {
  local before
  before=$(in_d1 "awk '/^MemTotal/{print \$2}' /proc/meminfo")
  incus config set d1 limits.memory=640MiB
  eventually 10 has "test \$(awk '/^MemTotal/{print \$2}' /proc/meminfo) -lt $((before - 100000))"
  incus config set d1 limits.cpu=2
  eventually 10 has 'test "$(cat /sys/devices/system/cpu/present)" = 0-1'
  vm_check_fewer_cpus d1
}

check_plugging() {
  incus storage volume create default data --type=block size=64MiB
  incus storage volume attach default data d1 data
  eventually 10 has 'lsblk -bno SIZE | grep -qx " *67108864"'
  incus storage volume detach default data d1
  eventually 10 has_not 'lsblk -bno SIZE | grep -qx " *67108864"'
  incus storage volume delete default data
  incus network create more ipv4.address=10.77.2.1/24 ipv6.address=none
  incus config device add d1 more nic network=more hwaddr=00:16:3e:11:22:33
  eventually 10 has 'grep -l 00:16:3e:11:22:33 /sys/class/net/*/address'
  eventually 10 shows 00:16:3e:11:22:33 incus query /1.0/instances/d1/state
  incus config device remove d1 more
  eventually 10 has_not 'grep -l 00:16:3e:11:22:33 /sys/class/net/*/address'
  incus network delete more
  vm_check_shares d1 plain with-dash device-whose-name-has-exactly30 device-whose-name-is-longer-than-a-tag
}

check_guest_api() {
  incus config set d1 user.word="$1"
  eventually 20 guest_hears /1.0/config/user.word "$1"
  guest_api /1.0/meta-data > "$SUITE_DIR/meta-data"
  grep -q "^instance-id: $(incus config get d1 volatile.cloud-init.instance-id)$" "$SUITE_DIR/meta-data"
}

check_guest_events() {
  in_d1 'setsid curl -sN --unix-socket /dev/incus/sock "http://incus/1.0/events?type=config,device" > /root/events 2> /dev/null < /dev/null &'
  eventually 10 has 'pidof curl'
  # Whoever listens is known a moment after it connected.
  heard() { incus config set d1 user.event="$RANDOM" && has 'grep -q "\"key\":\"user.event\"" /root/events'; }
  eventually 10 heard
  in_d1 'kill $(pidof curl)'
}

check_daemon() { # check_daemon SIGNAL: goes and comes back
  local before
  before=$(vm_boot_id d1)
  stop_daemon "$1"
  start_daemon
  expect RUNNING incus list d1 -c s -f csv
  eventually 10 vm_ready d1
  expect "$before" vm_boot_id d1
  check_guest_api "after $1"
}

# The drive that clouds give their machines, and a saved state.
check_copy() {
  vm_boot d2
  expect first incus exec d2 -- cat /root/marker
  eventually 200 cloud_init_done d2
  expect from-drive incus exec d2 -- cat /etc/drive
  expect DataSourceNoCloud incus exec d2 -- sed -n 's/.*"datasource": "\([A-Za-z]*\).*/\1/p' /run/cloud-init/result.json
  local before
  before=$(vm_boot_id d2)
  incus exec d2 -- sh -c 'echo kept > /dev/shm/kept'
  incus stop d2 --stateful
  expect STOPPED incus list d2 -c s -f csv
  vm_boot d2
  expect "$before" vm_boot_id d2
  expect kept incus exec d2 -- cat /dev/shm/kept
  incus delete -f d2
}

# An image whose templates lay cloud-init's files down: the agent writes them, and starts the machine again so that cloud-init sees them.
seed_templates() { # seed_templates NAME
  printf 'instance-id: {{ instance.name }}\nlocal-hostname: {{ instance.name }}\n' | incus config template create "$1" meta.tpl
  printf '{{ config_get("cloud-init.user-data", "") }}\n' | incus config template create "$1" user.tpl
  incus query "/1.0/instances/$1/metadata" | python3 -c 'if True:
    import json, sys
    metadata = json.load(sys.stdin)
    for what in "meta", "user":
        rule = {"when": ["create", "copy"], "create_only": False, "template": what + ".tpl", "properties": {}}
        metadata["templates"]["/var/lib/cloud/seed/nocloud-net/" + what + "-data"] = rule
    print(json.dumps(metadata))' > "$SUITE_DIR/metadata"
  incus query -X PUT -d "$(cat "$SUITE_DIR/metadata")" "/1.0/instances/$1/metadata"
}
check_seeds() {
  vm_boot d3
  eventually 200 cloud_init_done d3
  expect DataSourceNoCloud incus exec d3 -- sed -n 's/.*"datasource": "\([A-Za-z]*\).*/\1/p' /run/cloud-init/result.json
  expect from-templates incus exec d3 -- cat /etc/seeded
  expect first incus exec d3 -- cat /root/marker
}

test_vm_debian() {
  [ -n "${VM_LONG:-}" ] || { echo "skipped: its image takes minutes to build, and a boot one; VM_LONG=1 runs it"; return; }
  [ -n "${VM_DEBIAN_IMAGE:-}" ] || { echo "skipped: there is no Debian image"; return; }
  prepare
  incus image import "$VM_DEBIAN_IMAGE/incus.tar.xz" "$VM_DEBIAN_IMAGE/disk.qcow2" --alias debian > /dev/null
  init_debian d1 -c cloud-init.user-data="$user_data" -c cloud-init.network-config="$network_config"
  incus config device override d1 eth0 hwaddr=00:16:3e:11:22:01
  vm_boot d1
  check_cloud_init
  check_commands
  check_files
  check_state
  check_plugging
  check_limits  # last: QEMU 7.2's emulation may end when something is plugged after a processor was taken out
  check_guest_api "before"
  check_guest_events
  check_daemon TERM
  check_daemon KILL
  incus console d1 --show-log > "$SUITE_DIR/console"
  grep -q 'Debian GNU/Linux' "$SUITE_DIR/console" || fail "no console log: $(head -c 300 "$SUITE_DIR/console")"
  in_d1 'echo first > /root/marker; sync'
  incus snapshot create d1 s1
  in_d1 'echo second > /root/marker; sync'
  incus stop d1 --timeout 240
  incus snapshot restore d1 s1
  incus copy d1 d2 --instance-only -d eth0,hwaddr=00:16:3e:11:22:02 -c cloud-init.network-config="${network_config/22:01/22:02}" -c migration.stateful=true -c cloud-init.user-data="$(printf '#cloud-config\nwrite_files:\n- {path: /etc/drive, content: from-drive}')"
  incus config device override d2 root size.state=1GiB
  incus config device add d2 seed disk source=cloud-init:config
  check_copy
  incus export d1 "$SUITE_DIR/d1.tar.gz" --instance-only --compression=none
  incus publish d1 --alias mine --compression=none > /dev/null
  incus delete d1
  incus import "$SUITE_DIR/d1.tar.gz"
  rm "$SUITE_DIR/d1.tar.gz"
  incus delete d1
  incus init mine d3 --vm -c security.secureboot=false -c limits.memory=768MiB -c cloud-init.user-data="$(printf '#cloud-config\nwrite_files:\n- {path: /etc/seeded, content: from-templates}')"
  seed_templates d3
  check_seeds
  incus delete -f d3
  [ -z "$(ls -A "$INCUS_DIR/virtual-machines")" ] || fail "left in virtual-machines/"
}
