#include "instance/qemu/machine_spec.h"

#include <unistd.h>

#include "instance/cpu_balance.h"
#include "instance/memory_limit.h"
#include "sys/proc.h"

namespace instance::qemu {
namespace {

constexpr uint64_t kDefaultMemory = 1ull << 30;
/// More than any QEMU takes.
constexpr uint64_t kMaxCpus = 4096;

/// "sockets=1,cores=2,threads=2": each is 1 if it isn't named.
Result<CpuRequest> parse_topology(const std::string& limit) {
  CpuRequest out{.count = 0, .pins = {}, .sockets = 1, .cores = 1, .threads = 1};
  for (const std::string& part : split(limit, ',')) {
    StringList pair = split(part, '=', 2);
    auto number = pair.size() == 2 ? parse_uint(pair[1]) : std::nullopt;
    unsigned* field = pair[0] == "sockets" ? &out.sockets : pair[0] == "cores" ? &out.cores : pair[0] == "threads" ? &out.threads : nullptr;
    if (!field || !number || *number == 0 || *number > kMaxCpus) return fail(Code::invalid, "Invalid CPU topology {}: sockets=N,cores=N,threads=N is wanted", quote(limit));
    *field = static_cast<unsigned>(*number);
  }
  uint64_t count = uint64_t{out.sockets} * out.cores * out.threads;
  if (count > kMaxCpus) return fail(Code::invalid, "Invalid CPU topology {}: more than {} CPUs", quote(limit), kMaxCpus);
  out.count = static_cast<unsigned>(count);
  return out;
}

void fill_cpus(const CpuRequest& request, CpuSpec& cpu) {
  cpu.count = request.count;
  cpu.max = request.count;
  if (request.sockets > 0) {
    cpu.sockets = request.sockets;
    cpu.cores = request.cores;
    cpu.threads = request.threads;
  } else if (!request.pins.empty()) {
    cpu.sockets = cpu.threads = 1;
    cpu.cores = request.count;
  } else {
    cpu.max = std::max(request.count, static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)));
  }
}

}  // namespace

Result<CpuRequest> parse_cpus(const std::string& limit) {
  if (limit.empty()) return CpuRequest{};
  if (limit.contains('=')) return parse_topology(limit);
  if (auto count = parse_uint(limit)) {
    if (*count == 0 || *count > kMaxCpus) return fail(Code::invalid, "Invalid number of CPUs {}: 1 to {} are possible", limit, kMaxCpus);
    return CpuRequest{.count = static_cast<unsigned>(*count)};
  }
  CpuRequest out;
  out.pins = TRY(parse_cpu_set(limit));
  out.count = static_cast<unsigned>(out.pins.size());
  return out;
}

Result<Accel> choose_accelerator(const std::string& wanted, const Host& host) {
  if (wanted == "tcg") return Accel::tcg;
  if (wanted != "kvm") return host.kvm ? Accel::kvm : Accel::tcg;
  // Who asks for KVM gets it even if our own guest code did not run in it, as long as there is any.
  if (!host.kvm && access("/dev/kvm", R_OK | W_OK) != 0) return fail(Code::unsupported, "qemu.accelerator is kvm, which this host lacks ({})", host.kvm_reason);
  return Accel::kvm;
}

Result<uint64_t> parse_memory(const std::string& limit) {
  if (limit.empty()) return kDefaultMemory;
  int64_t size = TRY(parse_memory_limit(limit));
  constexpr int64_t kMegabyte = 1 << 20;
  if (size < kMegabyte) return fail(Code::invalid, "Invalid limits.memory {}: a virtual machine needs at least 1MiB", quote(limit));
  return static_cast<uint64_t>(size / kMegabyte * kMegabyte);
}

Result<MachineSpec> spec_of(const View& view) {
  auto is_set = [&](const char* key, bool fallback) {
    std::string value = get_or(view.config, key);
    return value.empty() ? fallback : is_true(value);
  };
  MachineSpec spec;
  spec.name = view.row.project == "default" ? view.row.name : view.row.project + "_" + view.row.name;
  spec.uuid = get_or(view.row.config, "volatile.uuid");
  spec.generation = get_or(view.row.config, "volatile.uuid.generation");
  fill_cpus(TRY(parse_cpus(get_or(view.config, "limits.cpu"))), spec.cpu);
  spec.memory.size = TRY(parse_memory(get_or(view.config, "limits.memory")));
  spec.memory.max = std::max(spec.memory.size, static_cast<uint64_t>(std::max<int64_t>(sys::meminfo("MemTotal"), 0)));
  if (is_set("limits.memory.hugepages", false)) spec.memory.hugepages = "/dev/hugepages";
  spec.board = get_or(view.config, "qemu.machine") == "microvm" ? Board::microvm : Board::q35;
  spec.csm = is_set("security.csm", false);
  spec.secure_boot = is_set("security.secureboot", true);
  spec.nesting = is_set("security.nesting", true);
  spec.stateful = is_set("migration.stateful", false);
  spec.windows = get_or(view.row.config, "image.os").starts_with("Windows") || get_or(view.row.config, "image.os").starts_with("windows");
  spec.config = view.config;
  return spec;
}

std::vector<NicAccess> nics_of(const View& view) {
  std::vector<NicAccess> out;
  for (const auto& [name, device] : view.devices) {
    if (get_or(device, "type") != "nic") continue;
    auto recorded = [&](const char* key) { return get_or(view.row.config, "volatile." + name + "." + key); };
    std::string host_name = recorded("host_name");
    if (host_name.empty()) host_name = get_or(device, "host_name");
    if (!host_name.empty()) out.push_back({name, host_name, get_or(device, "hwaddr", recorded("hwaddr"))});
  }
  return out;
}

}  // namespace instance::qemu
