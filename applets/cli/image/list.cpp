#include "applets/cli/image/list.h"

#include <algorithm>
#include <print>


#include "applets/cli/image/common.h"
#include "applets/cli/verbs/columns.h"

namespace cli {
namespace {

StringList alias_names(const Json& image) {
  StringList names;
  for (const Json& alias : image.value("aliases", Json::array())) names.push_back(alias.value("name", ""));
  return names;
}

std::string alias_cell(const Json& image) {
  StringList names = alias_names(image);
  if (names.empty()) return "";
  std::string shortest = *std::ranges::min_element(names, {}, &std::string::size);
  return names.size() > 1 ? std::format("{} ({} more)", shortest, names.size() - 1) : shortest;
}

std::string aliases_cell(const Json& image) {
  StringList names = alias_names(image);
  std::ranges::sort(names);
  return join(names, "\n");
}

std::string type_cell(const Json& image) {
  std::string type = to_upper(member_text(image, "type"));
  return type.empty() ? "CONTAINER" : type;
}

std::string size_cell(const Json& image) { return std::format("{:.2f}MiB", static_cast<double>(image.value("size", int64_t{0})) / 1024 / 1024); }
std::string public_cell(const Json& image) { return image.value("public", false) ? "yes" : "no"; }
std::string description_cell(const Json& image) { return member_text(image.value("properties", Json::object()), "description"); }
std::string short_fingerprint(const Json& image) { return member_text(image, "fingerprint").substr(0, 12); }

constexpr Column kColumns[] = {
    {'a', "ARCHITECTURE", text_cell<"architecture">}, {'d', "DESCRIPTION", description_cell},
    {'e', "PROJECT", text_cell<"project">},           {'f', "FINGERPRINT", short_fingerprint},
    {'F', "FINGERPRINT", text_cell<"fingerprint">},   {'l', "ALIAS", alias_cell},
    {'L', "ALIASES", aliases_cell},                   {'p', "PUBLIC", public_cell},
    {'s', "SIZE", size_cell},                         {'t', "TYPE", type_cell},
    {'u', "UPLOAD DATE", date_cell<"uploaded_at">},
};

/// A predefined column, or "properties:KEY".
struct ImageColumn {
  std::string name;
  const Column* fixed;
  std::string property;
  std::string cell(const Json& image) const {
    return fixed ? fixed->cell(image) : member_text(image.value("properties", Json::object()), property.c_str());
  }
};

Result<std::vector<ImageColumn>> parse_columns(const std::string& letters) {
  std::vector<ImageColumn> columns;
  for (const std::string& entry : split(letters, ',')) {
    if (entry.starts_with("properties:")) {
      std::string key = entry.substr(11);
      if (key.empty()) return fail(Code::invalid, "Empty property name in '{}'", entry);
      columns.push_back({to_upper(key), nullptr, key});
      continue;
    }
    if (entry.empty()) return fail(Code::invalid, "Empty column entry (redundant, leading or trailing command) in '{}'", letters);
    for (const Column* column : TRY(select_columns(kColumns, entry))) columns.push_back({std::string(column->name), column, ""});
  }
  return columns;
}

/// key=value for the server: members as they are, everything else is a property.
std::string server_clause(const std::string& filter) {
  size_t at = filter.find('=');
  std::string key = filter.substr(0, at), value = filter.substr(at + 1), first = key.substr(0, key.find('.'));
  bool member = std::ranges::any_of(api::type_info<api::Image>(), [&](const api::Field& field) { return field.name == first; });
  return std::format("{}{} eq {}", member ? "" : "properties.", key, value);
}

bool named(const Json& image, const std::string& part) {
  return member_text(image, "fingerprint").contains(part) ||
         std::ranges::any_of(alias_names(image), [&](const std::string& name) { return name.contains(part); });
}

/// "key=value" judged here, for a server that does not understand the clause: a property, or a member.
bool has_value(const Json& image, const std::string& filter) {
  size_t at = filter.find('=');
  std::string key = filter.substr(0, at), value = filter.substr(at + 1);
  const Json properties = image.value("properties", Json::object());
  for (const Json* place : {&properties, &image})
    if (auto found = place->find(key); found != place->end() && found->is_string() && *found == value) return true;
  return false;
}

Result<Json> load(Call& call, client::Server& server, const StringList& filters) {
  StringList clauses;
  for (const std::string& filter : filters) {
    if (filter.contains('=')) clauses.push_back(server_clause(filter));
  }
  std::string path = std::string("/1.0/images?recursion=1") + (call.flags.on("all-projects") ? "&all-projects=true" : "");
  auto answer = server.get(call.ctx, clauses.empty() ? path : path + "&filter=" + url_escape(join(clauses, " and ")));
  bool refused = !answer && !clauses.empty();
  if (refused) answer = server.get(call.ctx, path);
  Json kept = Json::array();
  for (Json& image : TRY(std::move(answer)).metadata) {
    bool shown = std::ranges::all_of(filters, [&](const std::string& filter) { return filter.contains('=') ? !refused || has_value(image, filter) : named(image, filter); });
    if (shown) kept.push_back(std::move(image));
  }
  return kept;
}

/// Rows in plain order of their cells; empty ones last.
void sort_plain(std::vector<StringList>& rows) {
  std::ranges::sort(rows, [](const StringList& a, const StringList& b) {
    for (size_t i = 0; i < a.size(); i++) {
      if (a[i] == b[i]) continue;
      if (a[i].empty() || b[i].empty()) return b[i].empty();
      return a[i] < b[i];
    }
    return false;
  });
}

std::string remote_of(Call& call) { return call.args[0].remote.empty() ? call.config.default_remote : call.args[0].remote; }

}  // namespace

Result<> list_images(Call& call) {
  std::string format = call.flags.text("format"), letters = call.flags.text("columns");
  TRY(check_format(format));
  if (call.flags.on("all-projects") && letters == "lfpdatsu") letters = "e" + letters;
  auto columns = TRY(parse_columns(letters));
  client::Server server = TRY(call.public_server(remote_of(call)));
  Json images = TRY(load(call, server, call.args.size() > 1 ? call.args[1].texts() : StringList{}));
  Table table;
  for (const ImageColumn& column : columns) table.header.push_back(column.name);
  for (const Json& image : images) {
    StringList row;
    for (const ImageColumn& column : columns) row.push_back(column.cell(image));
    table.rows.push_back(std::move(row));
  }
  sort_plain(table.rows);
  return print_table(format, table, images);
}

namespace {
constexpr Column kAliasColumns[] = {
    {'a', "ALIAS", text_cell<"name">},
    {'f', "FINGERPRINT", [](const Json& alias) { return member_text(alias, "target").substr(0, 12); }},
    {'t', "TYPE", type_cell},
    {'d', "DESCRIPTION", text_cell<"description">},
};

bool alias_shown(const StringList& filters, const Json& alias) {
  return filters.empty() || std::ranges::any_of(filters, [&](const std::string& filter) {
           return member_text(alias, "name").contains(filter) || member_text(alias, "target").starts_with(filter);
         });
}
}  // namespace

Result<> list_image_aliases(Call& call) {
  TRY(check_format(call.flags.text("format")));
  auto columns = TRY(select_columns(kAliasColumns, call.flags.text("columns")));
  client::Server server = TRY(call.public_server(remote_of(call)));
  Json aliases = TRY(server.get(call.ctx, "/1.0/images/aliases?recursion=1")).metadata;
  StringList filters = call.args.size() > 1 ? call.args[1].texts() : StringList{};
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  for (const Json& alias : aliases) {
    if (!alias_shown(filters, alias)) continue;
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(alias));
    table.rows.push_back(std::move(row));
  }
  sort_plain(table.rows);
  return print_table(call.flags.text("format"), table, aliases);
}

namespace {
void print_times(const api::Image& image) {
  auto line = [](std::string_view what, Timestamp time, std::string_view never) {
    if (!time.is_zero() && time.seconds != 0) std::println("    {}: {}", what, time.format_local("%Y/%m/%d %H:%M %Z"));
    else if (!never.empty()) std::println("    {}: {}", what, never);
  };
  std::println("Timestamps:");
  line("Created", image.created_at, "");
  line("Uploaded", image.uploaded_at, "never");
  line("Expires", image.expires_at, "never");
  line("Last used", image.last_used_at, "never");
}

void print_names(const api::Image& image) {
  std::println("Properties:");
  for (const auto& [key, value] : image.properties) std::println("    {}: {}", key, value);
  std::println("Aliases:");
  for (const api::ImageAlias& alias : image.aliases) {
    std::println("    - {}{}", alias.name, alias.description.empty() ? "" : " (" + alias.description + ")");
  }
}
}  // namespace

Result<> show_image_info(Call& call) {
  ImageTarget target = TRY(image_target(call, call.args[0], true));
  api::Image image = TRY(client::decode<api::Image>(TRY(target.server.get(call.ctx, target.path())).metadata));
  std::println("Fingerprint: {}\nSize: {:.2f}MiB\nArchitecture: {}", image.fingerprint, static_cast<double>(image.size) / 1024 / 1024, image.architecture);
  std::println("Type: {}\nPublic: {}", image.type.empty() ? "container" : image.type, image.public_ ? "yes" : "no");
  print_times(image);
  print_names(image);
  std::println("Cached: {}\nAuto update: {}", image.cached ? "yes" : "no", image.auto_update ? "enabled" : "disabled");
  if (image.update_source) {
    std::println("Source:\n    Server: {}\n    Protocol: {}\n    Alias: {}", image.update_source->server, image.update_source->protocol, image.update_source->alias);
  }
  if (image.profiles.empty()) std::println("Profiles: []");
  else std::println("Profiles:");
  for (const std::string& name : image.profiles) std::println("    - {}", name);
  return {};
}

}  // namespace cli
