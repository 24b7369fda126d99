// `incus list`: instances of one or all remotes, filtered by the server, with chosen columns.
#include <algorithm>
#include <print>

#include "applets/cli/instance/common.h"
#include "applets/cli/instance/list_cells.h"
#include "applets/cli/table.h"

namespace cli {
namespace {

constexpr std::string_view kDefault = "ns46tSL", kDefaultAllProjects = "ens46tSL";

/// A predefined column, or a config key or device option with a heading and a width of its own.
struct ListColumn {
  std::string name;
  const InstanceColumn* fixed = nullptr;
  bool device = false;
  std::string key;
  size_t max_width = std::string::npos;

  std::string cell(const Json& instance, bool raw) const {
    if (fixed) return fixed->cell(instance, raw);
    return lookup(instance).substr(0, max_width);
  }

 private:
  std::string lookup(const Json& instance) const {
    for (const char* kind : {"", "expanded_"}) {
      const Json& config = instance.value(std::string(kind) + (device ? "devices" : "config"), Json::object());
      if (!device && config.contains(key)) return config.value(key, "");
      StringList path = split(key, '.');
      if (device && path.size() == 2 && config.value(path[0], Json::object()).contains(path[1])) return config[path[0]].value(path[1], "");
    }
    return "";
  }
};

/// "config:KEY:NAME:WIDTH", "devices:DEVICE.KEY", "KEY:NAME". Errors: invalid.
Result<ListColumn> parse_key_column(const std::string& entry) {
  StringList fields = split(entry, ':');
  ListColumn column;
  if (fields.size() > 1 && (fields[0] == "config" || fields[0] == "devices")) {
    column.device = fields[0] == "devices";
    fields.erase(fields.begin());
  }
  if (fields.size() > 3) return fail(Code::invalid, "Invalid config key column format (too many fields): '{}'", entry);
  column.key = column.name = fields[0];
  if (fields.size() > 1) {
    if (fields[1].empty() && fields.size() != 3) {
      return fail(Code::invalid, "Invalid name in '{}', empty string is only allowed when defining maxWidth", entry);
    }
    column.name = fields[1];
  }
  if (fields.size() > 2) {
    auto width = parse_int(fields[2]);
    if (!width) return fail(Code::invalid, "Invalid max width (must be an integer) '{}' in '{}'", fields[2], entry);
    if (*width < -1) return fail(Code::invalid, "Invalid max width (must -1, 0 or a positive integer) '{}' in '{}'", fields[2], entry);
    if (*width >= 0) column.max_width = *width == 0 ? column.name.size() : static_cast<size_t>(*width);
  }
  return column;
}

Result<std::string> layout(Call& call) {
  bool all_projects = call.flags.on("all-projects");
  std::string letters = call.flags.text("columns");
  bool plain = letters == kDefault;
  if (all_projects && plain) letters = kDefaultAllProjects;
  if (call.flags.on("fast")) {
    if (!plain && letters != kDefaultAllProjects) return fail(Code::invalid, "Can't specify --fast with --columns");
    letters = all_projects ? "ensacPt" : "nsacPt";
    plain = true;
  }
  return call.flags.on("all-remotes") && plain ? "R" + letters : letters;
}

Result<std::vector<ListColumn>> parse_columns(const std::string& letters, bool clustered) {
  std::vector<ListColumn> columns;
  for (std::string entry : split(letters, ',')) {
    if (entry.empty()) return fail(Code::invalid, "Empty column entry (redundant, leading or trailing command) in '{}'", letters);
    if (entry.contains('.')) {
      columns.push_back(TRY(parse_key_column(entry)));
      continue;
    }
    if (!clustered && entry.contains('L')) {
      if (!entry.ends_with(kDefault)) return fail(Code::invalid, "Can't specify column L when not clustered");
      std::erase(entry, 'L');
    }
    for (char letter : entry) {
      auto found = std::ranges::find(instance_columns(), letter, &InstanceColumn::letter);
      if (found == instance_columns().end()) return fail(Code::invalid, "Unknown column shorthand char '{}' in '{}'", letter, entry);
      columns.push_back({.name = std::string(found->name), .fixed = &*found});
    }
  }
  return columns;
}

/// A filter as the server's expression; "" for those only the client can judge (ipv4=, ipv6=).
std::string server_filter(const std::string& filter) {
  size_t at = filter.find('=');
  if (at == std::string::npos) {
    bool anchored = filter.contains('^') || filter.contains('$');
    return std::format("name eq ({}|^{}.*)", anchored ? filter : "^" + filter + "$", filter);
  }
  std::string key = filter.substr(0, at), value = filter.substr(at + 1);
  if (key == "ipv4" || key == "ipv6") return "";
  if (key == "state") key = "status";
  std::string first = key.substr(0, key.find('.'));
  bool member = std::ranges::any_of(api::type_info<api::InstanceFull>(), [&](const api::Field& field) { return field.name == first; });
  return std::format("{}{} eq {}", member ? "" : "expanded_config.", key, value);
}

bool has_address(const Json& instance, std::string_view family, const StringList& wanted) {
  const Json& state = instance.value("state", Json());
  if (!state.is_object()) return false;
  for (const Json& network : state.value("network", Json::object())) {
    for (const Json& address : network.value("addresses", Json::array())) {
      if (address.value("family", "") == family && contains(wanted, address.value("address", ""))) return true;
    }
  }
  return false;
}

bool client_filters_match(const StringList& filters, const Json& instance) {
  for (const std::string& filter : filters) {
    StringList parts = split(filter, '=', 2);
    if (parts.size() != 2 || (parts[0] != "ipv4" && parts[0] != "ipv6")) continue;
    if (!has_address(instance, parts[0] == "ipv4" ? "inet" : "inet6", split(parts[1], ','))) return false;
  }
  return true;
}

/// How much of the instances the columns show: 0 their names, 1 the objects, 2 their state and snapshots too.
int wanted_recursion(const std::vector<ListColumn>& columns, const StringList& filters, const std::string& format) {
  auto any = [&](auto matches) { return std::ranges::any_of(columns, matches); };
  if (any([](const ListColumn& column) { return column.fixed && column.fixed->needs != CellNeeds::nothing; })) return 2;
  bool whole = any([](const ListColumn& column) { return !column.fixed || column.fixed->letter != 'n'; }) || format.starts_with("json") || format.starts_with("yaml");
  // Addresses are looked at here, not by the server.
  bool judged_here = std::ranges::any_of(filters, [](const std::string& filter) { return filter.starts_with("ipv"); });
  return whole || judged_here ? 1 : 0;
}

/// "/1.0/instances/c1?project=p" as an object with nothing but a name.
Json named(const Json& url) {
  std::string path = url.get<std::string>();
  path.resize(std::min(path.find('?'), path.size()));
  std::string escaped = path.substr(path.rfind('/') + 1);
  return {{"name", url_unescape(escaped).value_or(escaped)}};
}

Result<Json> load(Call& call, client::Server& server, const StringList& filters, int recursion) {
  StringList clauses;
  for (const std::string& filter : filters) {
    if (std::string clause = server_filter(filter); !clause.empty()) clauses.push_back(clause);
  }
  std::string path = std::format("/1.0/instances?recursion={}", recursion);
  if (!clauses.empty()) path += "&filter=" + url_escape(join(clauses, " and "));
  if (call.flags.on("all-projects")) path += "&all-projects=true";
  Json instances = TRY(server.get(call.ctx, path)).metadata;
  if (recursion == 0)
    for (Json& instance : instances) instance = named(instance);
  return instances;
}

StringList remotes_to_ask(Call& call) {
  if (!call.flags.on("all-remotes")) return {call.args[0].remote.empty() ? call.config.default_remote : call.args[0].remote};
  StringList names;
  for (const auto& [name, remote] : call.config.remotes) {
    if (!remote.is_public && remote.protocol == "incus") names.push_back(name);
  }
  return names;
}

/// All members, with empty lists and maps where the server sent null.
Result<Json> as_yaml(const Json& instance) {
  Json full = api::to_json(TRY(api::from_json<api::InstanceFull>(instance)));
  if (instance.contains("remote")) full["remote"] = instance["remote"];
  return full;
}

Result<> run_list(Call& call) {
  std::string format = call.flags.text("format");
  TRY(check_format(format));
  if (!call.flags.text("project").empty() && call.flags.on("all-projects")) {
    return fail(Code::invalid, "Can't specify --project with --all-projects");
  }
  bool all_remotes = call.flags.on("all-remotes");
  bool one_remote = call.args[0].branch == 0 && !call.args[0].skipped && !call.args[0].text.empty();
  if (all_remotes && one_remote) return fail(Code::invalid, "Can't specify a remote with --all-remotes");
  auto columns = TRY(parse_columns(TRY(layout(call)), all_remotes));
  bool raw = contains(split(format, ','), "raw");
  bool yaml = format.starts_with("yaml");
  StringList filters = call.args.size() > 1 ? call.args[1].texts() : StringList{};
  int recursion = wanted_recursion(columns, filters, format);

  Table table;
  Json shown = Json::array();
  for (const ListColumn& column : columns) table.header.push_back(column.name);
  for (const std::string& remote : remotes_to_ask(call)) {
    auto server = call.server(remote);
    auto instances = server ? load(call, *server, filters, recursion) : Result<Json>(std::unexpected(server.error()));
    if (!instances && !all_remotes) return std::unexpected(instances.error());
    if (!instances) {
      std::println(stderr, "Skipping remote {}: {}", quote(remote), instances.error().message());
      continue;
    }
    for (Json& instance : *instances) {
      if (!client_filters_match(filters, instance)) continue;
      if (all_remotes) instance["remote"] = remote;
      StringList row;
      for (const ListColumn& column : columns) row.push_back(column.cell(instance, raw));
      table.rows.push_back(std::move(row));
      shown.push_back(yaml ? TRY(as_yaml(instance)) : std::move(instance));
    }
  }
  sort_rows(table.rows);
  return print_table(format, table, shown);
}

constexpr Flag kFlags[] = {{"all-projects", FlagKind::boolean, "List the instances of every project"},
                           {"all-remotes", FlagKind::boolean, "List the instances of every remote"},
                           {"columns|c", FlagKind::text, "Columns", kDefault},
                           {"fast", FlagKind::boolean, "Only what is cheap to know (same as --columns=nsacPt)"},
                           kFormatFlag};
constexpr Command kList[] = {{
    .path = "list", .usage = "([<remote>:]|--all-remotes) [<filter>...]", .summary = "List instances", .run = run_list, .flags = kFlags, .aliases = "ls",
    .about = R"(Default columns: ns46tSL; with --fast: nsacPt

Filters, all of which must match:
  A word: names that start with it, or match it as a regular expression.
  key=value: a configuration key (`user.x=1`), or one of type, status, architecture,
  location, ipv4 and ipv6; values are regular expressions.

Columns are letters, or configuration keys as key[:name[:width]] and
devices:device.key[:name[:width]], separated by commas:
  4 - IPv4 address                6 - IPv6 address
  a - Architecture                b - Storage pool
  c - Creation date               d - Description
  D - Disk usage                  e - Project name
  f - Base image (short)          F - Base image (long)
  l - Last used date              L - Location (cluster member)
  m - Memory usage                M - Memory usage (%)
  n - Name                        N - Number of processes
  p - Pid of the init process     P - Profiles
  R - Remote name                 s - State
  S - Number of snapshots         t - Type
  u - CPU usage (seconds)         U - Start date)",
    .examples = "incus list -c nFs46,volatile.eth0.hwaddr:MAC,config:image.os"}};

}  // namespace

extern const CommandTable list_commands = kList;

}  // namespace cli
