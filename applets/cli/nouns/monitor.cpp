// `incus monitor`: events as they happen.
#include <cstdio>
#include <print>

#include "api/yaml.h"
#include "applets/cli/call.h"
#include "applets/cli/verbs/columns.h"
#include "base/timestamp.h"

namespace cli {

namespace {

constexpr std::string_view kLevels[] = {"panic", "fatal", "error", "warning", "info", "debug", "trace"};

int level_of(std::string level) {
  if (level == "dbug") level = "debug";
  if (level == "warn") level = "warning";
  for (size_t i = 0; i < std::size(kLevels); ++i) {
    if (kLevels[i] == level) return static_cast<int>(i);
  }
  return -1;
}

/// What a log line shows of an event: level, message and fields.
struct Line {
  std::string level = "info", message;
  std::map<std::string, std::string> fields;
};

Line line_of(const Json& event) {
  Line line;
  const Json& data = event["metadata"];
  std::string type = member_text(event, "type");
  if (type == "logging") {
    line.level = member_text(data, "level");
    line.message = member_text(data, "message");
    if (data.contains("context") && data["context"].is_object()) {
      for (const auto& [key, value] : data["context"].items()) line.fields[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  } else if (type == "lifecycle") {
    line.message = std::format("Action: {}, Source: {}", member_text(data, "action"), member_text(data, "source"));
    if (data.contains("requestor") && data["requestor"].is_object()) {
      const Json& who = data["requestor"];
      line.message += std::format(", Requestor: {}/{} ({})", member_text(who, "protocol"), member_text(who, "username"), member_text(who, "address"));
    }
    if (data.contains("context") && data["context"].is_object()) {
      for (const auto& [key, value] : data["context"].items()) line.fields[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  } else if (type == "operation") {
    line.message = std::format("ID: {}, Class: {}, Description: {}", member_text(data, "id"), member_text(data, "class"), member_text(data, "description"));
    line.fields = {{"CreatedAt", member_text(data, "created_at")}, {"Err", member_text(data, "err")}, {"Location", member_text(data, "location")},
                   {"MayCancel", member_text(data, "may_cancel")}, {"Status", member_text(data, "status")}, {"UpdatedAt", member_text(data, "updated_at")}};
  }
  return line;
}

std::string field_text(const std::string& value) {
  bool plain = !value.empty() && value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+") == std::string::npos;
  return plain ? value : quote(value);
}

void print_line(const Json& event, int limit) {
  Line line = line_of(event);
  int level = level_of(line.level);
  if (level > limit) return;
  std::string out = std::format("time={} level={} msg={}", quote(member_text(event, "timestamp")), level < 0 ? line.level : std::string(kLevels[level]), field_text(line.message));
  for (const auto& [key, value] : line.fields) out += std::format(" {}={}", key, field_text(value));
  std::println("{}", out);
}

void print_event(const Json& event, const std::string& format, int limit) {
  if (format == "pretty") print_line(event, limit);
  else if (format == "yaml") std::print("{}\n\n", api::dump_yaml(event));
  else std::print("{}\n\n", api::dump_json(event));
  std::fflush(stdout);
}

/// Members sorted by name at all levels, as the API's client prints events.
Json sorted(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(sorted(item));
    return list;
  }
  if (!value.is_object()) return value;
  std::map<std::string, Json> members;
  for (const auto& [name, item] : value.items()) members[name] = sorted(item);
  Json object = Json::object();
  for (auto& [name, item] : members) object[name] = std::move(item);
  return object;
}

Result<> run(Call& call) {
  std::string format = call.flags.text("format");
  if (!contains({"json", "pretty", "yaml"}, format)) return fail(Code::invalid, "Invalid format: {}", format);
  if (call.flags.on("pretty")) format = "pretty";
  std::string level = call.flags.text("loglevel");
  if (format != "pretty" && !level.empty()) return fail(Code::invalid, "Log level filtering can only be used with pretty formatting");
  int limit = level.empty() ? level_of("debug") : level_of(level);
  if (limit < 0) return fail(Code::invalid, "not a valid logrus Level: {}", quote(level));
  client::Server server = TRY(call.server(call.args[0]));
  StringList query;
  if (call.flags.on("all-projects")) {
    server = server.project("");
    query.push_back("all-projects=true");
  }
  StringList types = call.flags.list("type");
  if (!types.empty()) query.push_back("type=" + url_escape(join(types, ",")));
  auto socket = TRY(server.websocket(call.ctx, "/1.0/events" + (query.empty() ? "" : "?" + join(query, "&"))));
  for (;;) {
    auto message = TRY(socket->receive(call.ctx));
    if (message.end) return {};
    if (auto event = api::parse_json(message.data)) print_event(sorted(*event), format, limit);
  }
}

constexpr Flag kFlags[] = {
    {"all-projects", FlagKind::boolean, "Events of all projects"},
    {"format|f", FlagKind::text, "json, yaml or pretty (log lines)", "yaml"},
    {"loglevel", FlagKind::text, "With pretty: this level and the more serious ones"},
    {"pretty", FlagKind::boolean, "The same as --format=pretty"},
    {"type|t", FlagKind::list, "Only this type of events: logging, operation or lifecycle (may be repeated)"},
};

constexpr Command kCommands[] = {
    {.path = "monitor", .usage = "[<remote>:]", .summary = "Follow the events of a server", .run = run, .flags = kFlags,
     .examples = "incus monitor --type=logging\n    Only log messages.\n\nincus monitor --pretty --type=logging --loglevel=info\n    As log lines, from level info up.", .options = kHiddenCommand},
};

}  // namespace

extern const CommandTable monitor_commands = kCommands;

}  // namespace cli
