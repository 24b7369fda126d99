#include "instance/qemu/machine_spec.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <map>

#include "instance/keys.h"
#include "instance/memory_limit.h"
#include "instance/numa.h"
#include "instance/state_room.h"
#include "sys/cpu_set.h"
#include "sys/mounts.h"
#include "sys/proc.h"

namespace instance::qemu {
namespace {

/// More than any QEMU takes.
constexpr uint64_t kMaxCpus = 4096;

/// Keys whose new value a running machine takes up, or that are read when they are next needed; the documented ones of containers do no harm.
constexpr std::string_view kLive[] = {"cluster.evacuate", "limits.cpu", "limits.disk.priority", "limits.memory", "limits.memory.oom_priority", "security.agent.metrics",
                                      "security.csm", "security.guestapi", "security.guestapi.images", "security.protection.delete", "security.protection.start", "security.secureboot"};
constexpr std::string_view kLivePrefixes[] = {"boot.", "cloud-init.", "environment.", "image.", "snapshots.", "user.", "volatile."};

bool runs_in_hypervisor() {
#ifdef __x86_64__
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c >> 31 & 1);
#else
  return false;
#endif
}

/// The shape that pinned CPUs have on the host, and the CPUs in its order; all are cores where it is no even one.
void follow_host(CpuSpec& cpu, std::vector<int>& pins) {
  std::map<std::string, std::map<std::string, std::vector<int>>> sockets;
  for (int pin : pins) {
    auto id = [&](const char* name) { return std::string(trim(read_file(std::format("/sys/devices/system/cpu/cpu{}/topology/{}", pin, name)).value_or(""))); };
    sockets[id("physical_package_id")][id("die_id") + "." + id("core_id")].push_back(pin);
  }
  size_t cores = sockets.empty() ? 0 : sockets.begin()->second.size(), threads = cores == 0 ? 0 : sockets.begin()->second.begin()->second.size();
  std::vector<int> ordered;
  for (const auto& [socket, in_socket] : sockets)
    for (const auto& [core, in_core] : in_socket) ordered.insert(ordered.end(), in_core.begin(), in_core.end());
  for (const auto& [socket, in_socket] : sockets) {
    bool even = in_socket.size() == cores && std::ranges::all_of(in_socket, [&](const auto& core) { return core.second.size() == threads; });
    if (!even) cores = 0;
  }
  cpu.sockets = cores ? static_cast<unsigned>(sockets.size()) : 1;
  cpu.cores = cores ? static_cast<unsigned>(cores) : cpu.count;
  cpu.threads = cores ? static_cast<unsigned>(threads) : 1;
  pins = ordered;
}

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

/// Pinned CPUs have the nodes of the host's, memory in equal parts; else the memory of all comes from the nodes of limits.cpu.nodes.
void fill_nodes(const std::vector<int>& wanted, uint64_t memory, CpuSpec& cpu) {
  if (cpu.pins.empty()) {
    if (!wanted.empty()) cpu.nodes.push_back({.host_nodes = wanted, .memory = memory, .cpus = {}});
    return;
  }
  for (const auto& [node, of_node] : numa_nodes()) {
    NumaNode out{.host_nodes = {node}, .memory = 0, .cpus = {}};
    for (unsigned i = 0; i < cpu.pins.size(); i++)
      if (std::ranges::contains(of_node, cpu.pins[i])) out.cpus.push_back({i / cpu.threads / cpu.cores, i / cpu.threads % cpu.cores, i % cpu.threads});
    if (!out.cpus.empty()) cpu.nodes.push_back(std::move(out));
  }
  constexpr uint64_t kMegabyte = 1 << 20;
  uint64_t each = cpu.nodes.empty() ? 0 : memory / cpu.nodes.size() / kMegabyte * kMegabyte;
  for (NumaNode& node : cpu.nodes) node.memory = each;
  // What the division leaves over; the parts have to be the whole.
  if (!cpu.nodes.empty()) cpu.nodes[0].memory += memory - each * cpu.nodes.size();
}

/// Where huge pages come from. Errors: unsupported.
Result<std::string> hugepages_folder() {
  constexpr const char* kUsual = "/dev/hugepages";
  StringList found;
  for (const sys::MountInfo& mount : sys::mount_table())
    if (mount.type == "hugetlbfs" && !contains(found, mount.target)) found.push_back(mount.target);
  if (found.empty()) return fail(Code::unsupported, "limits.memory.hugepages needs a mounted hugetlbfs: mount one at {}, and reserve pages in vm.nr_hugepages", kUsual);
  if (found.size() == 1) return found[0];
  if (contains(found, kUsual)) return kUsual;
  return fail(Code::unsupported, "More than one hugetlbfs is mounted, and none at {}", kUsual);
}

void fill_cpus(const CpuRequest& request, CpuSpec& cpu) {
  cpu.count = request.count;
  cpu.max = request.count;
  if (request.sockets > 0) {
    cpu.sockets = request.sockets;
    cpu.cores = request.cores;
    cpu.threads = request.threads;
  } else if (!request.pins.empty()) {
    cpu.pins = request.pins;
    follow_host(cpu, cpu.pins);
  } else {
    cpu.max = std::max(request.count, static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)));
  }
}

/// limits.memory.hotplug: how far memory may grow while it runs; 0: not at all.
Result<uint64_t> most_memory(const std::string& limit) {
  if (is_false(limit)) return 0;
  if (limit.empty() || is_true(limit)) return static_cast<uint64_t>(std::max<int64_t>(sys::meminfo("MemTotal"), 0));
  return parse_memory(limit);
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
  out.pins = TRY(sys::parse_cpu_set(limit));
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
  if (limit.empty()) return kDefaultMachineMemory;
  int64_t size = TRY(parse_memory_limit(limit));
  constexpr int64_t kMegabyte = 1 << 20;
  if (size < kMegabyte) return fail(Code::invalid, "Invalid limits.memory {}: a virtual machine needs at least 1MiB", quote(limit));
  return static_cast<uint64_t>(size / kMegabyte * kMegabyte);
}

Result<> changes_while_running(const StringList& changed) {
  for (const std::string& name : changed) {
    auto matches = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (std::ranges::find(kLive, name) != std::end(kLive) || std::ranges::any_of(kLivePrefixes, matches)) continue;
    const config::Key* key = config::find(instance::keys(), name);
    if (key && key->condition.contains("container")) continue;
    return fail(Code::invalid, "Key {} cannot be updated when VM is running", quote(name));
  }
  return {};
}

Result<MachineSpec> spec_of(const View& view) {
  auto is_set = [&](const char* key, bool fallback) {
    std::string value = get_or(view.config, key);
    return value.empty() ? fallback : is_true(value);
  };
  MachineSpec spec;
  spec.name = core::project_prefix(view.row.project, view.row.name);
  spec.uuid = get_or(view.row.config, "volatile.uuid");
  spec.generation = get_or(view.row.config, "volatile.uuid.generation");
  fill_cpus(TRY(parse_cpus(get_or(view.config, "limits.cpu"))), spec.cpu);
  spec.memory.size = TRY(parse_memory(get_or(view.config, "limits.memory")));
  spec.memory.max = std::max(spec.memory.size, TRY(most_memory(get_or(view.config, "limits.memory.hotplug"))));
  fill_nodes(nodes_of(view), spec.memory.size, spec.cpu);
  if (is_set("limits.memory.hugepages", false)) spec.memory.hugepages = TRY(hugepages_folder());
  spec.board = get_or(view.config, "qemu.machine") == "microvm" ? Board::microvm : Board::q35;
  spec.csm = is_set("security.csm", false);
  spec.secure_boot = is_set("security.secureboot", true);
  spec.nesting = is_set("security.nesting", true);
  spec.nested = runs_in_hypervisor();
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
