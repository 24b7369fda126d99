#include "instance/numa.h"

#include <algorithm>
#include <filesystem>

#include "device/numa_choice.h"
#include "sys/cpu_set.h"

namespace instance {
namespace {

constexpr const char* kFolder = "/sys/devices/system/node";
constexpr const char *kKey = "limits.cpu.nodes", *kChosen = "volatile.cpu.nodes";

/// How many CPUs limits.cpu asks for: "3", "0-2" or "sockets=1,cores=3".
unsigned cpus_of(const std::string& limit) {
  if (auto count = parse_uint(limit)) return static_cast<unsigned>(*count);
  if (!limit.contains('=')) return static_cast<unsigned>(sys::parse_cpu_set(limit).value_or(std::vector<int>()).size());
  uint64_t product = 1;
  for (const std::string& part : split(limit, ',')) product *= parse_uint(split(part, '=', 2).back()).value_or(1);
  return static_cast<unsigned>(product);
}

}  // namespace

NumaNodes numa_nodes() {
  NumaNodes out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, error)) {
    std::string name = entry.path().filename();
    auto number = name.starts_with("node") ? parse_uint(name.substr(4)) : std::nullopt;
    std::string text = read_file(entry.path() / "cpulist", 4096).value_or("");
    auto cpus = sys::parse_cpu_set(std::string(trim(text))).value_or(std::vector<int>());
    if (number && !cpus.empty()) out[static_cast<int>(*number)] = std::move(cpus);
  }
  return out;
}

std::vector<int> nodes_of(const View& view) { return device::wanted_nodes(view.config, view.row.config); }

std::vector<int> choose_nodes(const NumaNodes& nodes, const std::map<int, int>& users, unsigned cpus) {
  std::vector<int> out;
  for (const auto& [node, of_node] : nodes) out.push_back(node);
  auto used = [&](int node) {
    auto found = users.find(node);
    return found == users.end() ? 0 : found->second;
  };
  std::ranges::stable_sort(out, {}, used);
  size_t needed = 0, covered = 0;
  while (needed < out.size() && (needed == 0 || covered < cpus)) covered += nodes.at(out[needed++]).size();
  out.resize(needed);
  return out;
}

Result<> balance_nodes(const InstancePtr& instance) {
  ViewPtr view = instance->view();
  NumaNodes nodes = numa_nodes();
  if (get_or(view->config, kKey) != "balanced" || nodes.empty()) return {};
  std::map<int, int> users;
  for (const InstancePtr& other : instance->manager().list()) {
    if (other->id() == instance->id()) continue;
    for (int node : nodes_of(*other->view())) users[node]++;
  }
  StringList chosen;
  for (int node : choose_nodes(nodes, users, cpus_of(get_or(view->config, "limits.cpu")))) chosen.push_back(std::to_string(node));
  return instance->volatile_set({{kChosen, join(chosen, ",")}});
}

}  // namespace instance
