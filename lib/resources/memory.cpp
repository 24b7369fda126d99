// Memory and huge pages, of the machine and of each NUMA node; and the load.
#include <algorithm>

#include "resources/resources.h"
#include "resources/sysfs.h"

namespace resources {
namespace {

const std::string kNodes = "/sys/devices/system/node";
const std::string kMemory = "/sys/devices/system/memory";

/// meminfo's values by name, in bytes where they carry a unit. Node files prefix names by "Node 0".
std::map<std::string, uint64_t> meminfo(const std::string& path) {
  std::map<std::string, uint64_t> values;
  for (const std::string& line : split(read_file(path).value_or(""), '\n')) {
    size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key(trim(line.substr(0, colon)));
    key = key.substr(key.rfind(' ') + 1);
    StringList words = split_list(line.substr(colon + 1), ' ');
    if (words.empty()) continue;
    values[key] = parse_uint(words[0]).value_or(0) * (words.size() > 1 && words[1] == "kB" ? 1024 : 1);
  }
  return values;
}

/// The size of all memory blocks that are online: what is installed, not what the kernel left over. 0 if unknown.
uint64_t installed(const std::string& folder) {
  auto block = number(kMemory + "/block_size_bytes", 16);
  if (!block) return 0;
  uint64_t count = 0;
  for (const std::string& name : entries(folder)) count += name.starts_with("memory") && text(folder + "/" + name + "/online") == "1";
  return *block * count;
}

}  // namespace

Result<api::ResourcesMemory> memory() {
  auto info = meminfo("/proc/meminfo");
  uint64_t total = installed(kMemory), page = info["Hugepagesize"];
  if (!total) total = info["MemTotal"];
  api::ResourcesMemory out{.hugepages_total = info["HugePages_Total"] * page,
                           .hugepages_used = (info["HugePages_Total"] - info["HugePages_Free"]) * page,
                           .hugepages_size = page,
                           .used = total - info["MemFree"] - info["Cached"] - info["Buffers"],
                           .total = total};
  for (const std::string& name : entries(kNodes)) {
    auto id = name.starts_with("node") ? parse_uint(name.substr(4)) : std::nullopt;
    std::string path = kNodes + "/" + name;
    if (!id || !exists(path + "/meminfo")) continue;
    auto node = meminfo(path + "/meminfo");
    uint64_t size = installed(path);
    out.nodes.push_back({.numa_node = *id,
                         .hugepages_used = (node["HugePages_Total"] - node["HugePages_Free"]) * page,
                         .hugepages_total = node["HugePages_Total"] * page,
                         .used = node["MemUsed"],
                         .total = size ? size : node["MemTotal"]});
  }
  return out;
}

Result<api::ResourcesLoad> load() {
  StringList fields = split_list(TRY(read_file("/proc/loadavg")), ' ');
  if (fields.size() < 3) return fail(Code::internal, "Malformed /proc/loadavg");
  api::ResourcesLoad out{parse_double(fields[0]).value_or(0), parse_double(fields[1]).value_or(0), parse_double(fields[2]).value_or(0), 0};
  for (const std::string& name : entries("/proc")) out.processes += parse_uint(name).has_value();
  return out;
}

}  // namespace resources
