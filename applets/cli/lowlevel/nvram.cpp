// `incus low-level nvram`: the variables that a virtual machine's firmware keeps.
#include <algorithm>
#include <print>

#include "api/guid.h"
#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/table.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/noun.h"
#include "base/encode.h"

namespace cli {
namespace {

using api::guid_name;
using api::guid_of;
using api::variable_name;
using api::VariableName;

/// "/1.0/instances/NAME/nvram/GUID/VARIABLE".
std::string nvram_path(const std::string& instance, const VariableName& variable) {
  return instance_url(instance, "/nvram/" + url_escape(variable.guid) + "/" + url_escape(variable.name));
}

constexpr const char* kBytes = "application/octet-stream";

bool is_bytes(std::string_view format) { return contains({"base64", "binary", "efivarfs", "hex"}, std::string(format)); }

std::string little_endian(uint32_t value) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string attributes_cell(const Json& item) {
  std::string out;
  for (const Json& name : item.value("attributes", Json::array())) out += (out.empty() ? "" : " + ") + name.get<std::string>();
  return out;
}
std::string guid_name_cell(const Json& item) { return guid_name(item["guid"]); }
std::string time_cell(const Json& item) { return item.contains("timestamp") ? member_text(item, "timestamp") : "(no timestamp)"; }
std::string value_cell(const Json& item) { return item.contains("data") && !item["data"].is_null() ? api::dump_yaml(item["data"]) : "(binary data)"; }

constexpr Column kColumns[] = {
    {'a', "ATTRIBUTES", attributes_cell}, {'g', "GUID", text_cell<"guid">},   {'G', "GUID NAME", guid_name_cell},         {'n', "VARIABLE NAME", text_cell<"name">},
    {'r', "RAW VALUE", text_cell<"binary">}, {'t', "TIMESTAMP", time_cell}, {'v', "INTERPRETED VALUE", value_cell},
};

Result<> list(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  Json all;
  if (call.args[1].skipped) {
    all = TRY_CTX(server.get(call.ctx, instance_url(instance, "/nvram?recursion=2")), "Failed to get instance UEFI variables").metadata;
  } else {
    std::string guid = TRY(guid_of(call.args[1].text));
    all[guid] = TRY(server.get(call.ctx, instance_url(instance, "/nvram/" + guid + "?recursion=1"))).metadata;
  }
  auto columns = TRY(select_columns(kColumns, call.flags.text("columns")));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  for (const auto& [guid, named] : all.items())
    for (const auto& [name, variable] : named.items()) {
      Json item = variable;
      item["guid"] = guid;
      item["name"] = name;
      StringList row;
      for (const Column* column : columns) row.push_back(column->cell(item));
      table.rows.push_back(std::move(row));
    }
  sort_rows(table.rows);
  return print_table(call.format(), table, all);
}

/// The bytes, and their attributes.
Result<> print_bytes(Call& call, client::Server& server, const std::string& path, const std::string& format) {
  client::Request request{.target = path};
  request.headers.set("Accept", kBytes);
  client::Answer answer = TRY(server.send(call.ctx, std::move(request)));
  if (answer.status >= 400) return Failure(client::answer_error(answer).wrap("Failed to get instance UEFI variable"));
  std::string out = answer.body;
  if (format == "base64") out = base64_encode(out);
  if (format == "hex") out = hex_encode(out);
  if (format == "efivarfs") out = little_endian(static_cast<uint32_t>(parse_uint(answer.headers.get("X-Incus-attributes")).value_or(0))) + out;
  fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

Result<> get(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  VariableName variable = TRY(variable_name(call.args[1].text));
  std::string format = call.flags.text("format");
  if (is_bytes(format)) return print_bytes(call, server, nvram_path(instance, variable), format);
  if (format != "json" && format != "yaml") return fail(Code::invalid, "Invalid format: {}", format);
  Json value = TRY_CTX(server.get(call.ctx, nvram_path(instance, variable)), "Failed to get instance UEFI variable").metadata;
  if (format == "json") {
    std::print("{}", api::dump_json(value));
    return {};
  }
  // The bytes first: what is edited ends the text.
  Json shown = {{"binary", value.value("binary", "")}};
  shown.update(value);
  std::print("{}", api::dump_yaml(shown));
  return {};
}

struct Bytes {
  std::string data;
  uint32_t attributes = 0;
};

Result<Bytes> read_bytes(Call& call, const std::string& format, const std::string& value) {
  auto given = parse_uint(call.flags.text("attributes"));
  if (!given || *given > UINT32_MAX) return fail(Code::invalid, "--attributes wants a number");
  Bytes out{.data = value, .attributes = static_cast<uint32_t>(*given)};
  if (format == "binary") return out;
  if (format == "efivarfs") {
    if (call.flags.given("attributes")) return fail(Code::invalid, "--attributes cannot be used with --format=efivarfs");
    if (value.size() < 4) return fail(Code::invalid, "Unexpected input size");
    out.attributes = 0;
    for (size_t i = 4; i-- > 0;) out.attributes = out.attributes << 8 | static_cast<unsigned char>(value[i]);
    out.data.erase(0, 4);
    return out;
  }
  auto decoded = format == "hex" ? hex_decode(value) : base64_decode(value);
  if (!decoded) return fail(Code::invalid, "The value is no {} text", format);
  out.data = *decoded;
  return out;
}

Result<> put_bytes(Call& call, client::Server& server, const std::string& path, const std::string& format, const std::string& value) {
  Bytes bytes = TRY(read_bytes(call, format, value));
  client::Request request{.method = http::Method::put, .target = path, .body = std::move(bytes.data)};
  request.headers.set("Content-Type", kBytes);
  request.headers.set("X-Incus-attributes", std::to_string(bytes.attributes));
  if (call.flags.given("timestamp")) request.headers.set("X-Incus-timestamp", call.flags.text("timestamp"));
  client::Answer answer = TRY(server.send(call.ctx, std::move(request)));
  if (answer.status >= 400) return Failure(client::answer_error(answer));
  return {};
}

std::string title(const VariableName& variable) { return variable.guid + ":" + variable.name; }

Result<> set_bytes(Call& call, client::Server& server, const std::string& instance, const StringMap& pairs, const std::string& format) {
  if (pairs.size() > 1) return fail(Code::invalid, "Bulk NVRAM variable update is only supported for non-binary formats");
  for (const auto& [key, value] : pairs) {
    VariableName variable = TRY(variable_name(key));
    TRY_CTX(put_bytes(call, server, nvram_path(instance, variable), format, value), "Failed to set UEFI variable {}", title(variable));
  }
  return {};
}

/// Objects by GUID and name; null for those that go.
Result<> change(Call& call, client::Server& server, const std::string& instance, const std::vector<std::pair<VariableName, Json>>& changes) {
  if (changes.size() == 1) {
    const auto& [variable, value] = changes[0];
    std::string path = nvram_path(instance, variable);
    if (!value.is_null()) TRY_CTX(server.query(call.ctx, http::Method::put, path, api::dump_json(value)), "Failed to set UEFI variable {}", title(variable));
    else TRY_CTX(server.query(call.ctx, http::Method::delete_, path), "Failed to delete variable {}", title(variable));
    return {};
  }
  Json body = Json::object();
  for (const auto& [variable, value] : changes) body[variable.guid][variable.name] = value;
  TRY(server.query(call.ctx, http::Method::patch, instance_url(instance, "/nvram"), api::dump_json(body)));
  return {};
}

Result<> set(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  StringMap pairs = TRY(read_pairs(call.args[1]));
  std::string format = call.flags.text("format");
  if (is_bytes(format)) return set_bytes(call, server, instance, pairs, format);
  if (format != "json" && format != "yaml") return fail(Code::invalid, "Invalid format: {}", format);
  for (const char* flag : {"attributes", "timestamp"})
    if (call.flags.given(flag)) return fail(Code::invalid, "--{} cannot be used with --format={}", flag, format);
  std::vector<std::pair<VariableName, Json>> changes;
  for (const auto& [key, value] : pairs) {
    VariableName variable = TRY(variable_name(key));
    Json parsed;
    if (!value.empty()) parsed = TRY_CTX(format == "json" ? api::parse_json(value) : api::parse_yaml(value), "Failed to parse variable {}", title(variable));
    changes.emplace_back(std::move(variable), std::move(parsed));
  }
  return change(call, server, instance, changes);
}

Result<> unset(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  std::vector<std::pair<VariableName, Json>> changes;
  for (const std::string& text : call.args[1].texts()) changes.emplace_back(TRY(variable_name(text)), Json());
  TRY(change(call, server, call.args[0].object().text, changes));
  if (changes.size() == 1) call.say(std::format("UEFI variable {} deleted on {}", title(changes[0].first), call.shown(call.args[0])));
  else call.say(std::format("UEFI variables {} deleted on {}", join(call.args[1].texts(), ", "), call.shown(call.args[0])));
  return {};
}

Result<> edit(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& instance = call.args[0].object().text;
  VariableName variable = TRY(variable_name(call.args[1].text));
  std::string text, etag;
  if (stdin_is_terminal()) {
    client::Reply before = TRY(server.get(call.ctx, nvram_path(instance, variable)));
    if (!before.metadata.contains("data") || before.metadata["data"].is_null())
      return fail(Code::invalid, "The form of {} is not known: change its bytes with \"incus low-level nvram set --format=hex\"", title(variable));
    before.metadata.erase("binary");
    text = editor_text("A variable of the firmware. Lines that start with # are left out.", before.metadata);
    etag = before.etag;
  }
  return edit_until(text, [&](const std::string& content) -> Result<> {
    Json value = TRY(api::parse_yaml(content));
    TRY(server.query(call.ctx, http::Method::put, nvram_path(instance, variable), api::dump_json(value), etag));
    return {};
  });
}

constexpr const char* kVariables =
    "A variable is named GUID:NAME, with the GUID or its familiar name (EFI_IMAGE_SECURITY_DATABASE_GUID:db); GUID-NAME and NAME-GUID do too.\n"
    "Without a GUID it is one of the UEFI specification's own (EFI_GLOBAL_VARIABLE).";

constexpr Flag kListFlags[] = {{"columns|c", FlagKind::text, "Columns", "Gn"}, kFormatFlag};
constexpr Flag kGetFlags[] = {{"format|f", FlagKind::text, "base64, binary, efivarfs (four bytes of attributes first), hex, json or yaml", "yaml"}};
constexpr Flag kSetFlags[] = {{"attributes", FlagKind::text, "Attributes as a number (formats base64, binary and hex)", "7"},
                              {"format|f", FlagKind::text, "How values are written: base64, binary, efivarfs, hex, json or yaml", "yaml"},
                              {"timestamp", FlagKind::text, "Time of an authenticated variable, in seconds since 1970 (formats base64, binary, efivarfs and hex)"}};

constexpr Command kCommands[] = {
    {.path = "low-level nvram", .summary = "Manage the firmware variables of virtual machines", .options = kGroup},
    {.path = "low-level nvram edit", .usage = "[<remote>:]<instance> <variable>", .summary = "Edit a variable whose form is known", .run = edit, .about = kVariables},
    {.path = "low-level nvram get", .usage = "[<remote>:]<instance> <variable>", .summary = "Show a variable", .run = get, .flags = kGetFlags, .about = kVariables,
     .examples = "incus low-level nvram get v1 BootOrder\n    What v1 tries to boot, in this order."},
    {.path = "low-level nvram list", .usage = "[<remote>:]<instance> [<GUID>]", .summary = "List variables", .run = list, .flags = kListFlags, .aliases = "ls",
     .about = "Columns:\n  a  attributes\n  g  GUID\n  G  familiar name of the GUID\n  n  name\n  r  bytes, in base64\n  t  time of an authenticated write\n  v  value"},
    {.path = "low-level nvram set", .usage = "[<remote>:]<instance> <variable>=<value>...", .summary = "Set variables of a stopped virtual machine", .run = set, .flags = kSetFlags, .about = kVariables,
     .examples = "incus low-level nvram set v1 Timeout='{data: 5, attributes: [NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS]}'\n    The boot menu of v1 waits for five seconds.\n\n"
                 "incus low-level nvram set v1 Timeout=0500 --format=hex\n    The same as bytes."},
    {.path = "low-level nvram unset", .usage = "[<remote>:]<instance> <variable>...", .summary = "Delete variables of a stopped virtual machine", .run = unset, .about = kVariables},
};

}  // namespace

extern const CommandTable low_level_nvram_commands = kCommands;

}  // namespace cli
