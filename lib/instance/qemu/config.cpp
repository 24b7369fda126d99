#include "instance/qemu/config.h"

#include <algorithm>

#include "instance/qemu/config_builder.h"

namespace instance::qemu {
namespace {

/// QEMU reads lines of at most 1023 bytes, and values know no escapes.
constexpr size_t kMaxLine = 1000;

/// Windows runs faster when it knows its hypervisor. hv_passthrough is all that the host has of it, and a machine with it can't be saved: those that shall
/// be get what every kernel since 5.10 has.
constexpr std::string_view kEnlightened = ",hv_passthrough";
constexpr std::string_view kEnlightenedAndSaved = ",hv_relaxed,hv_vpindex,hv_runtime,hv_time,hv_synic,hv_stimer,hv_tlbflush,hv_ipi,hv_frequencies,hv_stimer_direct";

std::string processor(const MachineSpec& spec) {
  // TCG: all it has, but page tables of five levels, which only cost time.
  std::string model = "max,la57=off";
  if (spec.accel == Accel::kvm) {
    model = "host";
    model += spec.stateful ? kEnlightenedAndSaved : kEnlightened;
    if (spec.cpu.threads > 1) model += ",topoext";  // AMD's CPUs say with it that they have threads
    // A counter that never changes its speed is a promise no other host could keep.
    if (!spec.nested && !spec.stateful) model += ",migratable=no,+invtsc";
  }
  if (!spec.nesting) model += ",vmx=off,svm=off";
  return model + spec.cpu.flags;
}

void add_boot_source(const MachineSpec& spec, StringList& argv) {
  if (spec.csm && !spec.firmware.code.empty()) argv.insert(argv.end(), {"-bios", spec.firmware.code});
  if (spec.kernel.kernel.empty()) return;
  argv.insert(argv.end(), {"-kernel", spec.kernel.kernel});
  if (!spec.kernel.initrd.empty()) argv.insert(argv.end(), {"-initrd", spec.kernel.initrd});
  if (!spec.kernel.command_line.empty()) argv.insert(argv.end(), {"-append", spec.kernel.command_line});
}

/// Asking QEMU for them takes a question for each of its devices.
StringList free_ports(const Sections& sections) {
  StringList out, used;
  for (const Section& section : sections) {
    if (std::string bus = get_or(section.entries, "bus"); !bus.empty()) used.push_back(bus);
    if (get_or(section.entries, "driver") == "pcie-root-port" && section.name.starts_with("device \"")) out.push_back(section.name.substr(8, section.name.size() - 9));
  }
  std::erase_if(out, [&](const std::string& port) { return contains(used, port); });
  return out;
}

}  // namespace

Result<StringList> arguments(const MachineSpec& spec, const Capabilities& qemu) {
  StringList argv = {qemu.program, "-S", "-name", spec.name, "-uuid", spec.uuid, "-daemonize", "-cpu", processor(spec), "-nographic",
                     "-serial", "chardev:console", "-qmp", "chardev:monitor", "-nodefaults", "-no-user-config", "-readconfig", "/proc/self/fd/0",
                     "-pidfile", spec.run_folder + "/qemu.pid", "-D", spec.log_file,
                     // What the guest does means this; QEMU's defaults differ between versions. The daemon turns a reboot into a new start where one is due.
                     "-action", "shutdown=poweroff,reboot=reset,panic=exit-failure"};
  if (spec.board == Board::q35) argv.insert(argv.end(), {"-smbios", "type=2,manufacturer=LinuxContainers,product=Incus"});
  add_boot_source(spec, argv);
  for (int fd : spec.firmware.fds) argv.insert(argv.end(), {"-add-fd", std::format("fd={},set=1", fd)});
  if (!spec.user.empty() && qemu.run_with_user) argv.insert(argv.end(), {"-run-with", "user=" + spec.user});
  if (!spec.user.empty() && !qemu.run_with_user) argv.insert(argv.end(), {"-runas", spec.user});
  if (spec.incoming) argv.insert(argv.end(), {"-incoming", "defer"});
  StringList raw = TRY_CTX(split_words(get_or(spec.config, "raw.qemu")), "Invalid raw.qemu");
  argv.insert(argv.end(), raw.begin(), raw.end());
  for (const std::string& word : argv)
    if (word.find('\0') != word.npos) return fail(Code::invalid, "A word of QEMU's arguments has a zero byte");
  return argv;
}

std::string config_head(const MachineSpec& spec, const Capabilities& qemu) {
  // SPICE is a module of QEMU's with thirty libraries, which its section makes it load as soon as another one follows; both are merged with their later selves.
  bool usual = spec.board == Board::q35 && qemu.spice && get_or(spec.config, "raw.qemu.conf").empty();
  return usual ? "[spice]\n[boot-opts]\n" : "";
}

Result<> check_sections(const Sections& sections) {
  for (const Section& section : sections)
    for (const auto& [key, value] : section.entries)
      if (value.find_first_of("\"\n\r") != value.npos || key.size() + value.size() > kMaxLine)
        return fail(Code::invalid, "The value of {} in section {} of qemu.conf has a quote or a line end, or is too long: {}", key, section.name, quote(value.substr(0, 100)));
  return {};
}

Result<Sections> sections(const MachineSpec& spec, const Capabilities& qemu) { return Builder(spec, qemu).build(); }

Result<Rendered> render(const MachineSpec& spec, const Capabilities& qemu) {
  Sections all = TRY(sections(spec, qemu));
  TRY(check_sections(all));
  if (std::string raw = get_or(spec.config, "raw.qemu.conf"); !raw.empty()) all = TRY_CTX(apply_override(std::move(all), raw), "Invalid raw.qemu.conf");
  TRY(check_sections(all));
  bool known = get_or(spec.config, "raw.qemu").empty() && get_or(spec.config, "raw.qemu.qmp.early").empty();
  StringList ports = known ? free_ports(all) : StringList();
  return Rendered{to_text(all), std::move(all), std::move(ports)};
}

}  // namespace instance::qemu
