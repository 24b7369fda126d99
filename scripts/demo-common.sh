# Sourced by demo.sh and demo-vm.sh inside their namespaces: a folder that goes at the end, our roles in PATH, a daemon (start_demo) and step(), which shows
# a command before it runs. $binary is the program; drop() is called before the daemon is ended.
mount --make-rprivate /
ip link set lo up
work=$(mktemp -d /var/tmp/incusbox-demo.XXXXXX)
daemon=
drop() { :; }
cleanup() {
  set +e
  drop
  [ -z "$daemon" ] || { kill "$daemon" 2> /dev/null; wait "$daemon" 2> /dev/null; }
  rm -rf "$work"
}
trap cleanup EXIT
chmod 711 "$work"
mkdir "$work/bin"
"$binary" --install "$work/bin"
export PATH=$work/bin:$PATH INCUS_DIR=$work/incus INCUS_CONF=$work/conf
step() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }
start_demo() {
  incusd --logfile "$work/incusd.log" > "$work/incusd.out" 2>&1 &
  daemon=$!
  incus admin waitready --timeout=30
}
