// `incus top`: what the instances use, refreshed until interrupted.
#include "applets/cli/nouns/top.h"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <print>

#include "applets/cli/ask.h"
#include "applets/cli/call.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/flags.h"
#include "base/units.h"

namespace cli {

namespace {

using Labels = std::map<std::string, std::string, std::less<>>;

/// name="web",mode="user" (values may hold escaped quotes and commas)
Labels parse_labels(std::string_view text) {
  Labels labels;
  while (!text.empty()) {
    size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals + 1 >= text.size() || text[equals + 1] != '"') break;
    std::string name(trim(text.substr(0, equals)));
    std::string value;
    size_t at = equals + 2;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at];
    }
    labels[name] = value;
    text.remove_prefix(std::min(text.size(), at + 1));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return labels;
}

/// One line "metric{labels} value" counts for one instance's row; free amounts count negatively.
void count(InstanceUsage& usage, std::string_view metric, const Labels& labels, double value) {
  auto label = [&](std::string_view name) {
    auto found = labels.find(name);
    return found == labels.end() ? std::string_view() : std::string_view(found->second);
  };
  if (metric == "incus_cpu_seconds_total" && label("mode") != "idle") usage.cpu += value;
  if (metric == "incus_memory_MemTotal_bytes") usage.memory += value;
  if (metric == "incus_memory_MemAvailable_bytes") usage.memory -= value;
  if (label("mountpoint") != "/") return;
  if (metric == "incus_filesystem_size_bytes") usage.disk += value;
  if (metric == "incus_filesystem_free_bytes") usage.disk -= value;
}

}  // namespace

std::vector<InstanceUsage> read_metrics(std::string_view text) {
  std::map<std::pair<std::string, std::string>, InstanceUsage> rows;
  StringList known;
  for (const std::string& line : split(text, '\n')) {
    size_t open = line.find('{'), close = line.rfind("} ");
    if (line.starts_with('#') || open == std::string::npos || close == std::string::npos || close < open) continue;
    auto value = parse_double(trim(std::string_view(line).substr(close + 2)));
    if (!value) continue;
    std::string_view metric = std::string_view(line).substr(0, open);
    Labels labels = parse_labels(std::string_view(line).substr(open + 1, close - open - 1));
    if (!labels.contains("name") || !metric.starts_with("incus_")) continue;
    InstanceUsage& usage = rows[{labels["project"], labels["name"]}];
    usage.project = labels["project"];
    usage.name = labels["name"];
    usage.running = usage.running || metric == "incus_memory_MemTotal_bytes";
    count(usage, metric, labels, *value);
  }
  std::vector<InstanceUsage> list;
  for (auto& [key, usage] : rows) {
    if (usage.running) list.push_back(std::move(usage));
  }
  return list;
}

namespace {

struct TopColumn {
  char letter;
  std::string_view name;
  std::string (*cell)(const InstanceUsage&);
};

std::string size_cell(double bytes) { return bytes > 0 ? format_byte_size(static_cast<int64_t>(bytes)) : ""; }

constexpr TopColumn kColumns[] = {
    {'D', "DISK", [](const InstanceUsage& usage) { return size_cell(usage.disk); }},
    {'e', "PROJECT", [](const InstanceUsage& usage) { return usage.project; }},
    {'m', "MEMORY", [](const InstanceUsage& usage) { return size_cell(usage.memory); }},
    {'n', "INSTANCE NAME", [](const InstanceUsage& usage) { return usage.name; }},
    {'u', "CPU TIME(s)", [](const InstanceUsage& usage) { return std::format("{:.2f}", usage.cpu); }},
};

/// What `s` chooses from.
struct Order {
  char letter;
  std::string_view name;
  bool (*before)(const InstanceUsage& a, const InstanceUsage& b);
};
constexpr Order kOrders[] = {
    {'a', "Alphabetical", [](const InstanceUsage& a, const InstanceUsage& b) { return std::tie(a.project, a.name) < std::tie(b.project, b.name); }},
    {'c', "CPU Usage", [](const InstanceUsage& a, const InstanceUsage& b) { return a.cpu > b.cpu; }},
    {'m', "Memory Usage", [](const InstanceUsage& a, const InstanceUsage& b) { return a.memory > b.memory; }},
    {'d', "Disk Usage", [](const InstanceUsage& a, const InstanceUsage& b) { return a.disk > b.disk; }},
};

Result<std::vector<const TopColumn*>> parse_columns(const std::string& text) {
  std::vector<const TopColumn*> columns;
  for (const std::string& part : split(text, ',')) {
    if (part.empty()) return fail(Code::invalid, "Empty column entry (redundant, leading or trailing command) in '{}'", text);
    for (char letter : part) {
      auto found = std::ranges::find(kColumns, letter, &TopColumn::letter);
      if (found == std::end(kColumns)) return fail(Code::invalid, "Unknown column shorthand char '{}' in '{}'", letter, part);
      columns.push_back(found);
    }
  }
  return columns;
}

struct Display {
  Call& call;
  client::Server server;
  std::vector<const TopColumn*> columns;
  const Order* order = &kOrders[0];
  double seconds = 10;

  Result<> draw() {
    client::Answer answer = TRY(server.send(call.ctx, {.target = "/1.0/metrics"}));
    std::vector<InstanceUsage> rows = read_metrics(answer.body);
    std::ranges::stable_sort(rows, order->before);
    Table table;
    for (const TopColumn* column : columns) table.header.emplace_back(column->name);
    for (const InstanceUsage& usage : rows) {
      StringList cells;
      for (const TopColumn* column : columns) cells.push_back(column->cell(usage));
      table.rows.push_back(std::move(cells));
    }
    std::print("\033[H\033[2J");
    TRY(print_table(call.format(), table, Json::array()));
    std::println("Press 'd' + ENTER to change delay\nPress 's' + ENTER to change sorting method\nPress CTRL-C to exit\n");
    std::println("Delay: {}s\nSorting Method: {}", seconds, order->name);
    std::fflush(stdout);
    return {};
  }

  Result<> ask_delay() {
    std::print("Enter new delay in seconds: ");
    std::fflush(stdout);
    auto number = parse_double(TRY(read_line()));
    if (number && *number > 0) seconds = *number;
    else std::println("Invalid input, please enter a positive number");
    return {};
  }

  Result<> ask_order() {
    std::print("Enter a sorting type ('a' for alphabetical, 'c' for CPU, 'm' for memory, 'd' for disk): ");
    std::fflush(stdout);
    std::string letter = TRY(read_line());
    auto found = std::ranges::find_if(kOrders, [&](const Order& candidate) { return letter.size() == 1 && letter[0] == candidate.letter; });
    if (found != std::end(kOrders)) order = found;
    else std::println("Invalid sorting type provided");
    return {};
  }

  /// Waits for the next refresh, or for a line from the user. False once standard input ended: nobody can ask any more.
  Result<bool> pause(bool listening) {
    pollfd input{listening ? 0 : -1, POLLIN, 0};
    if (poll(&input, 1, static_cast<int>(seconds * 1000)) <= 0) return listening;
    auto line = read_line();
    if (!line) return false;
    if (*line == "d") TRY(ask_delay());
    if (*line == "s") TRY(ask_order());
    return true;
  }
};

Result<> run_top(Call& call) {
  std::string text = call.flags.text("columns");
  bool all = call.flags.on("all-projects");
  if (all && !call.flags.given("columns")) text = "e" + text;
  std::string format = split(call.format(), ',')[0];
  if (format != "table" && format != "compact") return fail(Code::invalid, "Invalid format {}", quote(call.format()));
  if (call.flags.number("refresh") < 10) return fail(Code::invalid, "The minimum refresh rate is 10s");
  client::Server server = TRY(call.server(call.args[0]));
  std::string project = server.project_name().empty() ? "default" : server.project_name();
  Display display{call, server.project(all ? "" : project), TRY(parse_columns(text))};
  display.seconds = static_cast<double>(call.flags.number("refresh"));
  for (bool listening = true;;) {
    TRY(display.draw());
    listening = TRY(display.pause(listening));
  }
}

constexpr Flag kFlags[] = {kAllProjectsFlag, columns_flag("numD"), {"format|f", FlagKind::text, "table or compact", "table"},
                           {"refresh", FlagKind::number, "Seconds between refreshes, 10 at least", "10"}};
constexpr Command kCommands[] = {
    {.path = "top", .usage = "[<remote>:]", .summary = "Show what the instances use, again and again", .run = run_top, .flags = kFlags,
     .about = "Columns:\n  D - Disk usage\n  e - Project name\n  m - Memory usage\n  n - Instance name\n  u - CPU usage (in seconds)"},
};

}  // namespace

extern const CommandTable top_commands = kCommands;

}  // namespace cli
