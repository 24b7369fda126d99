// Views of volumes: one in detail, and the list of a pool.
#include <algorithm>
#include <print>

#include "api/types/storage_pool_volume.h"
#include "applets/cli/nouns/tokens.h"
#include "applets/cli/nouns/volume.h"
#include "applets/cli/verbs/columns.h"
#include "base/units.h"

namespace cli {

namespace {

int64_t number(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_number() ? object[name].get<int64_t>() : 0;
}

std::string last_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }

void print_section(const char* title, const StringList& header, std::vector<StringList> rows) {
  if (rows.empty()) return;
  std::println("\n{}:", title);
  (void)print_table("table", Table{header, std::move(rows)}, Json());  // "table" is a known format
}

void print_snapshots(const Json& snapshots) {
  std::vector<StringList> rows;
  for (const Json& snapshot : snapshots) {
    rows.push_back({last_part(member_text(snapshot, "name")), member_text(snapshot, "description"), local_date(member_text(snapshot, "expires_at"), " ")});
  }
  sort_rows(rows);
  print_section("Snapshots", {"Name", "Description", "Expires at"}, std::move(rows));
}

void print_backups(const Json& backups) {
  std::vector<StringList> rows;
  for (const Json& backup : backups) {
    rows.push_back({member_text(backup, "name"), local_date(member_text(backup, "created_at"), " "), local_date(member_text(backup, "expires_at"), " "),
                    yes_no(backup.value("volume_only", false)), yes_no(backup.value("optimized_storage", false))});
  }
  print_section("Backups", {"Name", "Taken at", "Expires at", "Volume Only", "Optimized Storage"}, std::move(rows));
}

std::string type_cell(const Json& volume) {
  std::string type = member_text(volume, "type");
  return member_text(volume, "name").contains('/') ? type + " (snapshot)" : type;
}

std::string content_cell(const Json& volume) {
  std::string type = member_text(volume, "content_type");
  return type.empty() ? "filesystem" : type;
}

constexpr Column kColumns[] = {{'t', "TYPE", type_cell},
                               {'n', "NAME", text_cell<"name">},
                               {'d', "DESCRIPTION", text_cell<"description">},
                               {'c', "CONTENT-TYPE", content_cell},
                               {'u', "USED BY", count_cell<"used_by">},
                               {'U', "USAGE", text_cell<"usage">},
                               {'L', "LOCATION", text_cell<"location">},
                               {'e', "PROJECT", text_cell<"project">}};

/// Space in use, which needs a request for each volume.
Result<std::string> usage_of(Call& call, Volume& pool, const Json& volume) {
  if (member_text(volume, "type") == "image" || member_text(volume, "name").contains('/')) return "";
  Volume one = pool;
  one.server = pool.server.project(member_text(volume, "project"));
  one.type = member_text(volume, "type");
  one.name = member_text(volume, "name");
  Json state = TRY(one.server.get(call.ctx, one.path() + "/state")).metadata;
  return state["usage"].is_object() ? format_byte_size(number(state["usage"], "used"), 2) : "";
}

/// Columns after those that do not apply here are dropped. Errors: invalid.
Result<std::vector<const Column*>> columns_of(Call& call, client::Server& server) {
  std::string letters = call.flags.text("columns");
  const Json* info = TRY(server.info(call.ctx));
  if (!(*info)["environment"].value("server_clustered", false)) {
    if (letters != call.flags.find("columns")->fallback && letters.contains('L')) return fail(Code::invalid, "Can't specify column L when not clustered");
    std::erase(letters, 'L');
  }
  if (!call.flags.on("all-projects")) std::erase(letters, 'e');
  return select_columns(kColumns, letters);
}

/// By the first two columns, whatever they are.
void sort_volumes(std::vector<StringList>& rows) {
  if (rows.empty() || rows[0].size() < 2) return;
  std::ranges::stable_sort(rows, [](const StringList& a, const StringList& b) {
    if (a[0] != b[0]) return natural_before(a[0], b[0]);
    if (a[1].empty() || b[1].empty()) return !a[1].empty() && b[1].empty();
    return natural_before(a[1], b[1]);
  });
}

}  // namespace

Result<> volume_info(Call& call) {
  Volume volume = TRY(volume_of(call));
  Json object = TRY(get_volume(call, volume)).metadata;
  auto state = volume.server.get(call.ctx, volume.path() + "/state");
  Json snapshots = TRY(volume.server.get(call.ctx, volume.path() + "/snapshots?recursion=1")).metadata;
  Json backups = Json::array();
  if (volume.type == "custom") backups = TRY(volume.server.get(call.ctx, volume.path() + "/backups?recursion=1")).metadata;

  std::println("Name: {}", member_text(object, "name"));
  if (std::string text = member_text(object, "description"); !text.empty()) std::println("Description: {}", text);
  std::string type = member_text(object, "type");
  std::println("Type: {}\nContent type: {}", type.empty() ? "custom" : type, content_cell(object));
  std::string location = member_text(object, "location");
  if (!location.empty() && location != "none") std::println("Location: {}", location);
  if (state && state->metadata.is_object() && state->metadata["usage"].is_object()) {
    const Json& usage = state->metadata["usage"];
    std::println("Usage: {}", format_byte_size(number(usage, "used"), 2));
    if (number(usage, "total") > 0) std::println("Total: {}", format_byte_size(number(usage, "total"), 2));
  }
  if (std::string created = local_date(member_text(object, "created_at")); !created.empty()) std::println("Created: {}", created);
  print_snapshots(snapshots);
  print_backups(backups);
  return {};
}

Result<> volume_list(Call& call) {
  TRY(check_format(call.format()));
  Volume pool{.server = TRY(call.server(call.args[0])), .pool = call.args[0].object().text};
  bool all = call.flags.on("all-projects");
  std::string path = pool.collection() + "?recursion=1" + (all ? "&all-projects=true" : "");
  if (std::string filter = pattern_filter(call.args[1].texts()); !filter.empty()) path += "&filter=" + filter;
  client::Server server = all ? pool.server.project("") : pool.server;
  Json items = TRY(server.get(call.ctx, path)).metadata;
  std::vector<const Column*> columns = TRY(columns_of(call, server));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  Json shown = Json::array();
  for (const Json& raw : items) {
    Json item = TRY(retyped<api::StorageVolume>(raw));
    shown.push_back(item);
    if (std::ranges::any_of(columns, [](const Column* column) { return column->letter == 'U'; })) item["usage"] = TRY(usage_of(call, pool, item));
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(item));
    table.rows.push_back(std::move(row));
  }
  sort_volumes(table.rows);
  return print_table(call.format(), table, shown);
}

}  // namespace cli
