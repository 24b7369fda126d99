// Sockets, cores and threads from /sys/devices/system/cpu; names and flags from /proc/cpuinfo.
#include <sys/utsname.h>

#include <algorithm>
#include <map>

#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kCpus = "/sys/devices/system/cpu";

/// "0-3,8" -> 0 1 2 3 8.
std::vector<int64_t> parse_set(const std::string& list) {
  std::vector<int64_t> ids;
  for (const std::string& item : split_list(list)) {
    StringList ends = split(item, '-', 2);
    for (int64_t id = parse_int(ends[0]).value_or(0), last = parse_int(ends.back()).value_or(-1); id <= last; id++) ids.push_back(id);
  }
  return ids;
}

struct CpuInfo {
  std::string vendor, name;
  StringList flags;
  std::optional<api::ResourcesCPUAddressSizes> sizes;
};

/// The paragraph of /proc/cpuinfo about one processor.
CpuInfo read_info(const std::string& cpuinfo, int64_t processor) {
  CpuInfo info;
  bool wanted = false;
  for (const std::string& line : split(cpuinfo, '\n')) {
    size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key(trim(line.substr(0, colon))), value(trim(line.substr(colon + 1)));
    if (key == "processor") {
      if (wanted) break;
      wanted = parse_int(value) == processor;
    }
    if (!wanted) continue;
    if (key == "vendor_id") info.vendor = value;
    if (key == "model name" || key == "cpu") info.name = value;
    if (key == "flags") info.flags = split(value, ' ');
    StringList words = split(value, ' ');
    if (key == "address sizes" && words.size() == 6)
      info.sizes = api::ResourcesCPUAddressSizes{parse_uint(words[0]).value_or(0), parse_uint(words[3]).value_or(0)};
  }
  return info;
}

std::vector<api::ResourcesCPUCache> caches(const std::string& folder) {
  std::vector<api::ResourcesCPUCache> list;
  for (const std::string& name : entries(folder)) {
    std::string path = folder + "/" + name;
    auto level = number(path + "/level");
    if (!level) continue;
    std::string size = text(path + "/size"), type = text(path + "/type");
    uint64_t unit = size.ends_with('K') ? 1024 : 1;
    if (unit > 1) size.pop_back();
    list.push_back({.level = *level, .type = type.empty() ? "Unknown" : type, .size = parse_uint(size).value_or(0) * unit});
  }
  return list;
}

/// cpufreq values are in kHz; the API's in MHz.
uint64_t frequency(const std::string& cpu, std::initializer_list<const char*> files) {
  for (const char* file : files)
    if (auto khz = number(cpu + "/cpufreq/" + file)) return *khz / 1000;
  return 0;
}

uint64_t topology(const std::string& cpu, const char* what) {
  int64_t value = signed_number(cpu + "/topology/" + what).value_or(0);
  return value < 0 || value == 65535 ? 0 : static_cast<uint64_t>(value);
}

api::ResourcesCPUSocket make_socket(const std::string& cpu, uint64_t id, const CpuInfo& info) {
  return {.name = info.name,
          .vendor = info.vendor,
          .socket = id,
          .cache = caches(cpu + "/cache"),
          .frequency_minimum = frequency(cpu, {"cpuinfo_min_freq", "scaling_min_freq"}),
          .frequency_turbo = frequency(cpu, {"cpuinfo_max_freq", "scaling_max_freq"}),
          .address_sizes = info.sizes};
}

/// What tells cores of a socket apart: which threads they share.
std::string core_key(const std::string& cpu) {
  for (const char* file : {"thread_siblings_list", "core_cpus_list"})
    if (std::string list = text(cpu + "/topology/" + file); !list.empty()) return list;
  return std::format("{}_{}", topology(cpu, "die_id"), topology(cpu, "core_id"));
}

uint64_t node_of(const std::string& cpu) {
  for (const std::string& name : entries(cpu))
    if (name.starts_with("node") && exists(cpu + "/" + name + "/numastat")) return parse_uint(name.substr(4)).value_or(0);
  return 0;
}

struct Socket {
  api::ResourcesCPUSocket wire;
  StringList flags;
  std::map<std::string, api::ResourcesCPUCore> cores;
};

void add_thread(Socket& socket, const std::string& cpu, int64_t id, bool isolated) {
  auto [core, fresh] = socket.cores.try_emplace(core_key(cpu));
  if (fresh)
    core->second = {.core = topology(cpu, "core_id"),
                    .cluster = topology(cpu, "cluster_id"),
                    .die = topology(cpu, "die_id"),
                    .frequency = frequency(cpu, {"scaling_cur_freq"}),
                    .flags = socket.flags};
  core->second.threads.push_back({.id = id,
                                  .numa_node = node_of(cpu),
                                  .thread = core->second.threads.size(),
                                  .online = number(cpu + "/online").value_or(1) != 0,
                                  .isolated = isolated});
}

/// Cores in order of their first thread; the socket's frequency is their mean.
api::ResourcesCPUSocket finish(Socket& socket) {
  uint64_t sum = 0, count = 0;
  for (auto& [key, core] : socket.cores) {
    sum += core.frequency;
    count += core.frequency > 0;
    socket.wire.cores.push_back(std::move(core));
  }
  if (count) socket.wire.frequency = sum / count;
  std::ranges::sort(socket.wire.cores, {}, [](const auto& core) { return core.threads.front().id; });
  return std::move(socket.wire);
}

}  // namespace

Result<api::ResourcesCPU> cpu() {
  utsname kernel{};
  uname(&kernel);
  api::ResourcesCPU out{.architecture = kernel.machine};
  std::string cpuinfo = TRY(read_file("/proc/cpuinfo"));
  auto isolated = parse_set(text(kCpus + "/isolated"));
  std::vector<int64_t> ids;
  for (const std::string& name : entries(kCpus)) {
    auto id = name.starts_with("cpu") ? parse_int(name.substr(3)) : std::nullopt;
    if (id && exists(std::format("{}/{}/topology", kCpus, name))) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  std::map<uint64_t, Socket> sockets;
  for (int64_t id : ids) {
    std::string cpu = std::format("{}/cpu{}", kCpus, id);
    uint64_t socket_id = topology(cpu, "physical_package_id");
    auto [socket, fresh] = sockets.try_emplace(socket_id);
    if (fresh) {
      CpuInfo info = read_info(cpuinfo, id);
      socket->second.wire = make_socket(cpu, socket_id, info);
      socket->second.flags = info.flags;
    }
    add_thread(socket->second, cpu, id, std::ranges::find(isolated, id) != isolated.end());
    out.total++;
  }
  for (auto& [id, socket] : sockets) out.sockets.push_back(finish(socket));
  return out;
}

}  // namespace resources
