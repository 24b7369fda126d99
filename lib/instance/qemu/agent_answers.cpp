#include "instance/qemu/agent_answers.h"

#include <algorithm>
#include <cmath>

#include "api/json_member.h"
#include "base/ip.h"

namespace instance::qemu {
namespace {

using core::Metric;

// More than any guest has, and little enough to carry around.
constexpr size_t kMaxText = 256;
constexpr size_t kMaxInterfaces = 256;
constexpr size_t kMaxAddresses = 128;
constexpr size_t kMaxRows = 1024;
constexpr int kNotExecutable = 126, kNotFound = 127;  // as a shell has it
/// How upstream's agent says that a name without a slash led nowhere; paths that do are a 404.
constexpr std::string_view kNotInPath = "executable file not found in $PATH";

Failure nonsense(std::string_view what) { return fail(Code::unavailable, "The VM agent's answer makes no sense: {}", what); }

/// What users' terminals and scrapers may see.
std::string clean(std::string text) {
  if (text.size() > kMaxText) text.resize(kMaxText);
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  return text;
}

bool is_interface_name(std::string_view name) {
  auto fits = [](char c) { return c > ' ' && c < 0x7f && c != '/'; };
  return !name.empty() && name.size() <= 15 && std::ranges::all_of(name, fits);
}

bool is_token(std::string_view text) {
  auto fits = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, fits);
}

/// A member that is an object, an array or a text; null where it is missing or something else.
const Json& member(const Json& object, const char* name, Json::value_t type) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  auto found = object.find(name);
  return found != object.end() && found->type() == type ? *found : kNone;
}

void clean_network(api::InstanceStateNetwork& network) {
  std::erase_if(network.addresses, [](const auto& address) { return !IpAddress::parse(address.address); });
  if (network.addresses.size() > kMaxAddresses) network.addresses.resize(kMaxAddresses);
  for (auto& address : network.addresses) {
    for (std::string* field : {&address.family, &address.netmask, &address.scope}) *field = clean(std::move(*field));
  }
  if (!parse_mac(network.hwaddr)) network.hwaddr.clear();
  network.host_name.clear();  // the host's own interface: the host knows it
  for (std::string* field : {&network.state, &network.type}) *field = clean(std::move(*field));
}

struct Row {
  Metric metric;
  const char* name;
};

void add_rows(core::MetricSet& set, const Json& object, std::span<const Row> rows, const StringMap& labels) {
  for (const Row& row : rows) {
    auto found = object.find(row.name);
    if (found != object.end() && found->is_number()) set.add(row.metric, found->get<double>(), labels);
  }
}

/// Each object of a list with its own labels: `names` maps members to labels.
void add_list(core::MetricSet& set, const Json& list, std::span<const Row> rows, std::initializer_list<std::pair<const char*, const char*>> names) {
  size_t left = kMaxRows;
  for (const Json& item : list) {
    if (!item.is_object() || left-- == 0) continue;
    StringMap labels;
    for (const auto& [name, label] : names) labels[label] = clean(api::member_text(item, name));
    add_rows(set, item, rows, labels);
  }
}

void add_cpus(core::MetricSet& set, const Json& list) {
  struct Mode {
    const char *mode, *name;
  };
  static constexpr Mode kModes[] = {
#define CPU_ROW(mode, member, column) {mode, member},
#include "api/agent_metrics.def"
#undef CPU_ROW
  };
  size_t left = kMaxRows;
  for (const Json& item : list) {
    if (!item.is_object() || left-- == 0) continue;
    std::string cpu = clean(api::member_text(item, "cpu"));
    if (cpu.starts_with("cpu")) cpu.erase(0, 3);
    for (const Mode& mode : kModes) {
      auto found = item.find(mode.name);
      StringMap labels = {{"mode", mode.mode}};
      if (!cpu.empty()) labels["cpu"] = cpu;
      if (found != item.end() && found->is_number()) set.add(Metric::cpu_seconds, found->get<double>(), labels);
    }
  }
}

constexpr Row kDiskRows[] = {
#define DISK_ROW(metric, member) {Metric::metric, member},
#include "api/agent_metrics.def"
#undef DISK_ROW
};
constexpr Row kFilesystemRows[] = {
#define FILESYSTEM_ROW(metric, member) {Metric::metric, member},
#include "api/agent_metrics.def"
#undef FILESYSTEM_ROW
};
constexpr Row kMemoryRows[] = {
#define MEMORY_ROW(metric, member, source) {Metric::metric, member},
#include "api/agent_metrics.def"
#undef MEMORY_ROW
};
constexpr Row kNetworkRows[] = {
#define NETWORK_ROW(metric, member, source) {Metric::metric, member},
#include "api/agent_metrics.def"
#undef NETWORK_ROW
};
constexpr Row kTotals[] = {
    {Metric::cpus, "cpus"}, {Metric::procs, "procs_total"}, {Metric::boot_time, "boot_time_seconds"}, {Metric::time, "time_seconds"}};

}  // namespace

Result<Json> agent_metadata(std::string_view body) {
  auto envelope = api::parse_json(body);
  if (!envelope || !envelope->is_object()) return nonsense("no JSON object");
  auto metadata = envelope->find("metadata");
  if (metadata == envelope->end()) return nonsense("no metadata");
  return std::move(*metadata);
}

Result<AgentExec> parse_agent_exec(std::string_view body, bool interactive) {
  Json operation = TRY(agent_metadata(body));
  AgentExec out{.operation = api::member_text(operation, "id"), .secrets = {}};
  if (!is_token(out.operation)) return nonsense("no operation");
  const Json& fds = member(member(operation, "metadata", Json::value_t::object), "fds", Json::value_t::object);
  for (const char* name : {"control", "0", "1", "2"}) {
    if (interactive && (*name == '1' || *name == '2')) continue;
    std::string secret = api::member_text(fds, name);
    if (!is_token(secret)) return nonsense(std::string("no secret for stream ") + name);
    out.secrets[name] = std::move(secret);
  }
  return out;
}

Result<int> parse_agent_exit(int status, std::string_view body) {
  // A command that could not be started is the answer's own error.
  if (status == 404) return kNotFound;
  if (status == 403) return kNotExecutable;
  auto answer = api::parse_json(body);
  const Json operation = answer ? member(*answer, "metadata", Json::value_t::object) : Json();
  const Json& metadata = member(operation, "metadata", Json::value_t::object);
  auto code = metadata.find("return");
  if (code != metadata.end() && code->is_number_integer()) {
    int64_t value = code->get<int64_t>();
    if (value >= -1 && value <= 255) return static_cast<int>(value);
  }
  std::string error = clean(answer ? api::member_text(*answer, "error") : "");
  if (error.ends_with(kNotInPath)) return kNotFound;
  if (error.empty()) error = clean(api::member_text(operation, "err"));
  return fail(Code::internal, "{}", error.empty() ? "The command's end is unknown" : error);
}

Result<api::InstanceState> read_agent_state(const Json& json) {
  auto state = TRY(api::from_json<api::InstanceState>(json));
  std::erase_if(state.network, [](const auto& item) { return !is_interface_name(item.first); });
  while (state.network.size() > kMaxInterfaces) state.network.erase(std::prev(state.network.end()));
  for (auto& [name, network] : state.network) clean_network(network);
  state.disk.clear();  // the host's to tell
  if (state.os_info) {
    auto& info = *state.os_info;
    for (std::string* field : {&info.os, &info.os_version, &info.kernel_version, &info.hostname, &info.fqdn}) *field = clean(std::move(*field));
  }
  return state;
}

Result<api::InstanceState> parse_agent_state(std::string_view body) {
  auto state = read_agent_state(TRY(agent_metadata(body)));
  if (!state) return nonsense(state.error().message());
  return state;
}

Result<> add_agent_metrics(std::string_view body, core::MetricSet& set) {
  Json metrics = TRY(agent_metadata(body));
  if (!metrics.is_object()) return nonsense("no measurements");
  add_cpus(set, member(metrics, "cpu_seconds_total", Json::value_t::array));
  add_rows(set, metrics, kTotals, {});
  add_list(set, member(metrics, "disk", Json::value_t::array), kDiskRows, {{"device", "device"}});
  add_list(set, member(metrics, "filesystem", Json::value_t::array), kFilesystemRows, {{"device", "device"}, {"mountpoint", "mountpoint"}, {"fstype", "fstype"}});
  add_rows(set, member(metrics, "memory", Json::value_t::object), kMemoryRows, {});
  add_list(set, member(metrics, "network", Json::value_t::array), kNetworkRows, {{"device", "device"}});
  return {};
}

}  // namespace instance::qemu
