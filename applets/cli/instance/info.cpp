// `incus info`: what is known about an instance, or about the server.
#include <print>

#include "api/types/server.h"
#include "api/yaml.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/instance/info_resources.h"
#include "applets/cli/instance/list_cells.h"
#include "applets/cli/table.h"
#include "base/units.h"

namespace cli {
namespace {

void line(std::string_view indent, std::string_view what, std::string_view value) { std::println("{}{}: {}", indent, what, value); }
void date_line(std::string_view what, Timestamp time) {
  if (!time.is_zero()) line("", what, time.format_local("%Y/%m/%d %H:%M %Z"));
}

std::string type_of(const api::Instance& instance) {
  std::string type = instance.type.empty() ? "container" : instance.type;
  StringList notes;
  if (is_true(get_or(instance.expanded_config, "volatile.container.oci"))) notes.emplace_back("application");
  if (instance.ephemeral) notes.emplace_back("ephemeral");
  return notes.empty() ? type : type + " (" + join(notes, ", ") + ")";
}

void print_head(const api::InstanceFull& instance, int64_t pid) {
  line("", "Name", instance.name);
  line("", "Description", instance.description);
  line("", "Status", to_upper(instance.status));
  line("", "Type", type_of(instance));
  line("", "Architecture", instance.architecture);
  if (pid) line("", "PID", std::to_string(pid));
  date_line("Created", instance.created_at);
  date_line("Last Used", instance.last_used_at);
}

/// A heading and its lines, where there are any.
void section(std::string_view heading, const std::vector<std::pair<std::string, std::string>>& lines) {
  if (lines.empty()) return;
  std::println("  {}:", heading);
  for (const auto& [what, value] : lines) line("    ", what, value);
}

void print_usage(const api::InstanceState& state) {
  std::println("\nResources:");
  line("  ", "Processes", std::to_string(state.processes));
  std::vector<std::pair<std::string, std::string>> disk, cpu, memory;
  for (const auto& [name, usage] : state.disk) {
    if (usage.usage > 0) disk.emplace_back(name, format_byte_size(usage.usage));
  }
  section("Disk usage", disk);
  if (state.cpu.usage) cpu.emplace_back("CPU usage (in seconds)", std::to_string(state.cpu.usage / 1000000000));
  section("CPU usage", cpu);
  auto add = [&](const char* what, int64_t bytes) {
    if (bytes) memory.emplace_back(what, format_byte_size(bytes));
  };
  add("Memory (current)", state.memory.usage);
  add("Memory (peak)", state.memory.usage_peak);
  add("Swap (current)", state.memory.swap_usage);
  add("Swap (peak)", state.memory.swap_usage_peak);
  section("Memory usage", memory);
}

void print_network(const std::string& name, const api::InstanceStateNetwork& network) {
  constexpr std::string_view kIndent = "      ";
  std::println("    {}:", name);
  line(kIndent, "Type", network.type);
  line(kIndent, "State", to_upper(network.state));
  if (!network.host_name.empty()) line(kIndent, "Host interface", network.host_name);
  if (!network.hwaddr.empty()) line(kIndent, "MAC address", network.hwaddr);
  if (network.mtu) line(kIndent, "MTU", std::to_string(network.mtu));
  line(kIndent, "Bytes received", format_byte_size_decimal(network.counters.bytes_received));
  line(kIndent, "Bytes sent", format_byte_size_decimal(network.counters.bytes_sent));
  line(kIndent, "Packets received", std::to_string(network.counters.packets_received));
  line(kIndent, "Packets sent", std::to_string(network.counters.packets_sent));
  std::println("{}IP addresses:", kIndent);
  for (const auto& address : network.addresses) {
    std::println("        {}: {}{}/{} ({})", address.family, address.family == "inet" ? " " : "", address.address, address.netmask, address.scope);
  }
}

Result<> print_snapshots(const api::InstanceFull& instance) {
  if (instance.snapshots.empty()) return {};
  std::println("\nSnapshots:");
  Table table{{"Name", "Taken at", "Expires at", "Stateful"}, {}};
  auto date = [](Timestamp time) { return time.is_zero() ? " " : time.format_local("%Y/%m/%d %H:%M %Z"); };
  for (const auto& snapshot : instance.snapshots) {
    table.rows.push_back({snapshot.name.substr(snapshot.name.rfind('/') + 1), date(snapshot.created_at), date(snapshot.expires_at), snapshot.stateful ? "YES" : "NO"});
  }
  return print_table("table", table, nullptr);
}

Result<> print_log(Call& call, client::Server& server, const std::string& name, std::string file) {
  if (file == "default") file = "lxc.log";
  std::string text;
  client::Request request{.target = instance_url(name, "/logs/" + url_escape(file))};
  request.sink = [&](std::string_view piece) -> Result<> {
    text += piece;
    return {};
  };
  TRY(server.send(call.ctx, std::move(request)));
  std::println("\nLog ({}):\n\n{}", file, trim(text));
  return {};
}

Result<> instance_info(Call& call, client::Server& server, const std::string& name) {
  auto instance = TRY(client::decode<api::InstanceFull>(TRY(server.get(call.ctx, instance_url(name, "?recursion=1"))).metadata));
  int64_t pid = instance.state ? instance.state->pid : 0;
  print_head(instance, pid);
  if (pid) {
    date_line("Started", instance.state->started_at);
    print_usage(*instance.state);
    if (!instance.state->network.empty()) std::println("  Network usage:");
    for (const auto& [interface, network] : instance.state->network) print_network(interface, network);
  }
  TRY(print_snapshots(instance));
  if (std::string log = call.flags.text("show-log"); !log.empty()) TRY(print_log(call, server, name, log));
  return {};
}

bool is_secret(std::string_view key) { return key.contains("password") || key.contains("secret") || key.contains("token") || key.ends_with(".key"); }

/// Without --show-sensitive: no certificate, no secrets, and only how many extensions there are.
Result<> server_info(Call& call, client::Server& server) {
  Json info = *TRY(server.info(call.ctx));
  if (call.flags.on("resources")) {
    std::print("{}", resources_outline(TRY(server.get(call.ctx, "/1.0/resources")).metadata));
    return {};
  }
  if (!call.flags.on("show-sensitive")) {
    size_t extensions = info.value("api_extensions", Json::array()).size();
    info.erase("api_extensions");
    if (info.contains("environment")) info["environment"]["certificate"] = "";
    if (info.contains("config")) {
      for (auto& [key, value] : info["config"].items()) {
        if (is_secret(key) && value != "") value = "SENSITIVE";
      }
    }
    info["api_extensions_count"] = extensions;
  }
  std::print("{}", api::dump_yaml(info));
  return {};
}

Result<> access_list(Call& call, client::Server& server, const std::string& name) {
  std::print("{}", api::dump_yaml(TRY(server.get(call.ctx, instance_url(name, "/access"))).metadata));
  return {};
}

Result<> run_info(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  std::string name = call.args[0].object().get();
  if (call.flags.on("show-access")) {
    if (name.empty()) return fail(Code::invalid, "--show-access needs an instance");
    return access_list(call, server, name);
  }
  return name.empty() ? server_info(call, server) : instance_info(call, server, name);
}

constexpr Flag kFlags[] = {{"resources", FlagKind::boolean, "Show the machine's resources"},
                           {"show-access", FlagKind::boolean, "Show who may use the instance"},
                           {"show-log", FlagKind::text, "Also print the instance's log", "", "default"},
                           {"show-sensitive", FlagKind::boolean, "Show certificates, secrets and all API extensions"},
                           {"target", FlagKind::text, "Cluster member name"}};
constexpr Command kInfo[] = {{.path = "info", .usage = "[<remote>:][<instance>]", .summary = "Show an instance or the server", .run = run_info, .flags = kFlags}};

}  // namespace

extern const CommandTable info_commands = kInfo;

}  // namespace cli
