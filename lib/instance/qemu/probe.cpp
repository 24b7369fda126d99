#include "instance/qemu/probe.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "api/json.h"
#include "device/disk_machine.h"
#include "sys/spawn.h"

namespace instance::qemu {
namespace {

/// Device types whose absence changes what a machine is made of.
constexpr std::string_view kInteresting[] = {"vhost-vsock-pci", "vhost-vsock-device", "vhost-user-vsock-pci", "vhost-user-vsock-device", "vhost-user-fs-pci",
                                             "virtio-9p-pci", "virtio-9p-device", "virtio-vga", "virtio-gpu-pci", "virtio-sound-pci", "virtio-iommu-pci",
                                             "tpm-crb", "usb-redir", "usb-host", "usb-net"};

/// Asked of a QEMU without a machine; the ids are the keys of the answers. SPICE may be a module: listing types loads them all, so it is asked for behind.
constexpr std::string_view kQuestions =
    R"({"execute":"qmp_capabilities"}
{"execute":"query-version","id":"version"}
{"execute":"query-machines","id":"machines"}
{"execute":"query-command-line-options","arguments":{"option":"run-with"},"id":"run-with"}
{"execute":"qom-list-types","arguments":{"implements":"device","abstract":false},"id":"devices"}
{"execute":"query-command-line-options","arguments":{"option":"spice"},"id":"spice"}
{"execute":"quit"}
)";

/// QEMU answers in 0.1 s; libraries from a cold disk, or a host that is emulated itself, take seconds.
constexpr seconds kPatience(20);
/// The probe takes 10 ms, and stops itself after 0.7 s on its processor (forkkvm): longer takes only who never comes back from the kernel, or waits for a processor.
constexpr seconds kKvmPatience(5);

const Json* member(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nullptr : &*found;
}

bool lists(const Json* list, const char* key, std::string_view value) {
  return list && list->is_array() && std::ranges::any_of(*list, [&](const Json& item) {
    const Json* found = member(item, key);
    return found && found->is_string() && found->get_ref<const std::string&>() == value;
  });
}

Result<Capabilities> understand(const std::string& program, const std::string& answers) {
  Capabilities out{.program = program};
  std::map<std::string, Json> known;
  for (const std::string& line : split(answers, '\n')) {
    auto message = api::parse_json(line);
    if (!message) continue;
    const Json *id = member(*message, "id"), *value = member(*message, "return");
    if (id && id->is_string() && value) known[id->get<std::string>()] = *value;
  }
  const Json* version = member(known["version"], "qemu");
  auto number = [&](const char* key) {
    const Json* found = version ? member(*version, key) : nullptr;
    return found && found->is_number_unsigned() ? found->get<unsigned>() : 0;
  };
  out.release = number("major");
  if (out.release == 0) return fail(Code::unsupported, "{} does not answer as QEMU does", program);
  out.version = std::format("{}.{}.{}", out.release, number("minor"), number("micro"));
  out.microvm = lists(&known["machines"], "name", "microvm");
  out.spice = known.contains("spice");
  if (const Json& run_with = known["run-with"]; run_with.is_array() && !run_with.empty()) out.run_with_user = lists(member(run_with[0], "parameters"), "name", "user");
  for (std::string_view device : kInteresting)
    if (lists(&known["devices"], "name", device)) out.devices.emplace(device);
  return out;
}

Result<Capabilities> ask(const Context& ctx, const std::string& program) {
  sys::SpawnSpec spec{.argv = {program, "-machine", "none", "-nodefaults", "-no-user-config", "-display", "none", "-S", "-qmp", "stdio"}};
  auto output = TRY(sys::run(ctx.with_timeout(kPatience), std::move(spec), {.input = std::string(kQuestions), .max_output = 4 << 20}));
  return understand(program, output.out);
}

std::string find(const std::string& name) {
  auto found = sys::find_program(name);
  return found ? *found : "";
}

void judge(Host& host) {
  if (!host.qemu) {
    if (host.unavailable.empty()) host.unavailable = "QEMU is not installed: install qemu-system-x86 and ovmf";
    return;
  }
  host.firmware = !firmwares(FirmwareUse::generic).empty();
  if (!host.firmware) host.missing.push_back("No firmware for virtual machines was found, so only images that carry a kernel can start: install ovmf");
  if (!host.kvm) host.missing.push_back("Virtual machines run without hardware acceleration and slowly: " + host.kvm_reason);
  if (host.img.empty()) host.missing.push_back("Disk images in qcow2 format cannot be used: install qemu-utils");
  if (host.swtpm.empty()) host.missing.push_back("TPM devices cannot be used: install swtpm");
  if (host.virtiofsd.empty() && !host.qemu->has("virtio-9p-pci")) host.missing.push_back("Folders cannot be shared with virtual machines: install virtiofsd");
}

std::shared_ptr<const Host> look(const Context& ctx, const std::string& program) {
  auto out = std::make_shared<Host>();
  if (!program.empty()) {
    auto qemu = ask(ctx, program);
    if (qemu) out->qemu = std::move(*qemu);
    else out->unsettled = qemu.error().code() == Code::timeout;
    if (!qemu) out->unavailable = "QEMU does not start: " + qemu.error().message();
  }
  auto kvm = kvm_works(ctx);
  out->kvm = kvm.has_value();
  if (!kvm) out->kvm_reason = kvm.error().message();
  out->vhost_vsock = access("/dev/vhost-vsock", R_OK | W_OK) == 0;
  out->vhost_net = access("/dev/vhost-net", R_OK | W_OK) == 0;
  out->img = find("qemu-img");
  out->swtpm = find("swtpm");
  out->virtiofsd = device::find_virtiofsd();
  judge(*out);
  return out;
}

/// What tells one installed program from another.
std::string identity(const std::string& program) {
  struct stat info;
  if (program.empty() || stat(program.c_str(), &info) != 0) return program;
  return std::format("{} {} {} {}", program, info.st_ino, info.st_size, info.st_mtim.tv_sec);
}

struct Known {
  std::mutex probing;  ///< held while it looks
  std::mutex mutex;    ///< guards the rest
  std::string identity = "-";
  std::shared_ptr<const Host> host;
};
Known& known() {
  static Known all;
  return all;
}

Result<> run_probe(const Context& ctx) {
  sys::SpawnSpec spec = sys::self_spec("forkkvm");
  auto output = sys::run(ctx.with_timeout(kKvmPatience), std::move(spec), {.max_output = 4096, .check = false});
  if (!output) {
    TRY(ctx.check());
    return fail(Code::unsupported, "guest code does not come to an end in KVM");
  }
  if (output->status.ok()) return {};
  std::string why(trim(output->err));
  if (why.starts_with("/dev/kvm: No such file")) why = "/dev/kvm is missing: this host has no virtualization, or the module kvm is not loaded";
  return fail(Code::unsupported, "{}", why.empty() ? "the probe of KVM failed" : why);
}

}  // namespace

Result<> kvm_works(const Context& ctx) {
  static std::mutex mutex;
  static std::optional<Result<>> answer;
  std::lock_guard guard(mutex);
  if (answer) return *answer;
  Result<> found = run_probe(ctx);
  // Who was interrupted found out nothing.
  if (found || found.error().code() == Code::unsupported) answer = found;
  return found;
}

std::shared_ptr<const Host> host(const Context& ctx) {
  std::string program = find("qemu-system-x86_64"), now = identity(program);
  auto remembered = [&] {
    std::lock_guard guard(known().mutex);
    return known().identity == now ? known().host : nullptr;
  };
  if (auto found = remembered()) return found;
  std::lock_guard probing(known().probing);
  if (auto found = remembered()) return found;
  auto found = look(ctx, program);
  if (!ctx.check()) return found;
  std::lock_guard guard(known().mutex);
  known().identity = found->unsettled ? "-" : now;
  known().host = found;
  return found;
}

std::shared_ptr<const Host> known_host() {
  std::lock_guard guard(known().mutex);
  return known().host;
}

}  // namespace instance::qemu
