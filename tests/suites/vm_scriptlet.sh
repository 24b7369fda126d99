# raw.qemu.scriptlet: a program that sees a start at four stages and changes what QEMU is started with. VM_TEST_IMAGE names the guest's image.
. "$top/tests/lib/vm.sh"

# refused_key MESSAGE TEXT: the key does not take TEXT.
refused_key() {
  local out
  ! out=$(incus config set v1 raw.qemu.scriptlet="$2" 2>&1) || fail "taken: $2"
  [ "$out" = "Error: Invalid config: $1" ] || fail "$out instead of $1"
}

# start_fails MESSAGE TEXT: with this scriptlet the start ends so, and nothing is left.
start_fails() {
  local out
  incus config set v1 raw.qemu.scriptlet="$2"
  ! out=$(incus start v1 2>&1) || fail "started: $2"
  case $out in *"$1"*) ;; *) fail "$out instead of $1" ;; esac
  expect STOPPED incus list v1 -f csv -c s
}

test_vm_scriptlet_refused() {
  prepare
  incus init v1 --vm --empty
  refused_key 'qemu:1:1: undefined: x' x
  refused_key 'the function "qemu_hook" is required but has not been found in the scriptlet' 'x = 1'
  refused_key 'the required function "qemu_hook" defines arguments ["instance"] (expected ["instance" "stage"])' 'def qemu_hook(instance): pass'
  refused_key '"qemu_hook" should define the scriptlet’s required function of the same name (found a value of type int instead)' 'qemu_hook = 1'
  refused_key 'qemu:2:3: this Starlark dialect does not support while loops' 'def qemu_hook(instance, stage):
  while True: pass'
  refused_key 'internal error: predeclared variable log_info is uninitialized' 'log_info("early")'
  incus config set v1 raw.qemu.scriptlet='def qemu_hook(instance, stage): pass'
  incus config unset v1 raw.qemu.scriptlet
}

test_vm_scriptlet_fails() {
  vm_prepare
  vm_init v1
  start_fails 'Failed running QEMU scriptlet at config stage: Failed to run: fail: no' 'def qemu_hook(instance, stage): fail("no")'
  start_fails 'Failed running QEMU scriptlet at config stage: Failed with unexpected return value: 1' 'def qemu_hook(instance, stage): return 1'
  start_fails 'run_command cannot be called at config stage' 'def qemu_hook(instance, stage): run_command("query-status")'
  start_fails 'Addition or deletion of -bios or -kernel is unsupported' 'def qemu_hook(instance, stage): set_qemu_cmdline(get_qemu_cmdline() + ["-kernel", "/x"])'
  start_fails 'set_qemu_conf requires a valid configuration' 'def qemu_hook(instance, stage): set_qemu_conf([1])'
  start_fails 'Starlark computation cancelled: too many steps' 'def qemu_hook(instance, stage):
  for i in range(1 << 30): pass'
  start_fails 'at early stage: Failed to run: device_add (3:15): Expected only keyword arguments, got 1 positional argument(s)' 'def qemu_hook(instance, stage):
  if stage == "early":
    device_add("x")'
  start_fails 'set_qemu_cmdline can only be called at config stage' 'def qemu_hook(instance, stage):
  if stage == "pre-start": set_qemu_cmdline([])'
}

test_vm_scriptlet() {
  vm_prepare
  vm_init v1 -c user.word=seen
  incus config set v1 raw.qemu.scriptlet='
def conf(sections):
  for section in sections:
    if section["name"] == "rtc":
      return sections
  return sections + [{"name": "object \"own_rng\"", "comment": "", "entries": {"qom-type": "rng-builtin"}}]

def qemu_hook(instance, stage):
  log_warn("stage ", stage, " of ", instance.name, " ", instance.config["user.word"], " ", instance.type)
  if stage == "config":
    set_qemu_cmdline(get_qemu_cmdline() + ["-boot", "menu=off"])
    set_qemu_conf(conf(get_qemu_conf()))
    set_raw_nvram_var("EFI_GLOBAL_VARIABLE", "OwnWord", b"hello")
    if not has_nvram_var(guid="EFI_GLOBAL_VARIABLE", name="OwnWord"): fail("not set")
  elif stage == "early":
    object_add(**{"qom-type": "iothread", "id": "own_thread"})
  elif stage == "pre-start":
    log_warn("status %s" % run_qmp({"execute": "query-status"})["return"]["status"])
    log_warn("variable %s" % get_raw_nvram_var("8be4df61-93ca-11d2-aa0d-00e098032b8c", "OwnWord"))
  else:
    log_warn("running %s" % run_command("query-status")["running"])
    names = [item["name"] for item in qom_list(path="/objects")]
    log_warn("objects %s" % sorted([name for name in names if name.startswith("own_")]))
'
  incus start v1
  for line in "(config): stage config of v1 seen virtual-machine" "(early): stage early of v1" "(pre-start): status prelaunch" '(pre-start): variable b\"hello\"' \
    "(post-start): running True" '(post-start): objects [\"own_rng\", \"own_thread\"]'; do
    grep -qF "QEMU scriptlet $line" "$SUITE_DIR/incusd.log" || fail "not in the log: $line"
  done
  tr '\0' ' ' < "/proc/$(machine_process)/cmdline" | grep -q -- '-boot menu=off'
  grep -q 'own_rng' "$INCUS_DIR/run/v1/qemu.conf"
  incus stop -f v1
}
