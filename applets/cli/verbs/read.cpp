// show, get and list for any noun.
#include <algorithm>
#include <cstdio>
#include <print>

#include "api/yaml.h"
#include "applets/cli/verbs/noun.h"

namespace cli {

Result<> show_verb(Call& call) {
  const Noun& noun = noun_of(call);
  Target target = TRY(target_of(call, noun));
  client::Reply reply = TRY(target.server.get(call.ctx, target.path));
  Json object = TRY(noun.wire.normalize(reply.metadata));
  if (noun.traits & kSortUsedBy && object.contains("used_by")) std::ranges::sort(object["used_by"].get_ref<Json::array_t&>());
  std::print("{}", api::dump_yaml(object));
  return {};
}

Result<> get_verb(Call& call) {
  const Noun& noun = noun_of(call);
  Target target = TRY(target_of(call, noun));
  const std::string& key = call.args.back().text;
  client::Reply reply = TRY(target.server.get(call.ctx, target.path));
  if (call.flags.known("property") && call.flags.on("property")) {
    Json writable = TRY(noun.wire.to_writable(reply.metadata));
    const api::Field* field = TRY_CTX(property_field(noun, key), "The property {} does not exist on the {} {}", quote(key), noun.what, quote(target.shown));
    std::println("{}", member_property(reply.metadata, std::string(field->name), writable[std::string(field->name)]));
    return {};
  }
  const Json& config = reply.metadata["config"];
  bool is_set = config.is_object() && config.contains(key);
  if (is_set || !(noun.traits & kSilentGet)) std::println("{}", is_set ? config[key].get<std::string>() : "");
  return {};
}

Result<> print_objects(Call& call, const Noun& noun, Json items, std::string letters) {
  auto on_member = [](const Json& item) { return item.contains("location") && item["location"].is_string() && item["location"] != "" && item["location"] != "none"; };
  const Flag* flag = call.flags.find("columns");
  if (noun.traits & kLocationColumn && (!flag || letters == flag->fallback) && std::ranges::any_of(items, on_member)) letters += 'L';
  std::vector<const Column*> columns = TRY(select_columns(noun.columns, letters));
  Table table;
  for (const Column* column : columns) table.header.emplace_back(column->name);
  Json shown = Json::array();
  for (const Json& raw : items) {
    Json item = TRY(noun.wire.normalize(raw));
    StringList row;
    for (const Column* column : columns) row.push_back(column->cell(item));
    table.rows.push_back(std::move(row));
    shown.push_back(std::move(item));
  }
  sort_rows(table.rows);
  return print_table(call.format(), table, shown);
}

Result<> list_objects(Call& call, const Noun& noun, client::Server& server, const std::string& path, std::string_view query) {
  TRY(check_format(call.format()));
  bool all = call.flags.known("all-projects") && call.flags.on("all-projects");
  if (all && call.flags.given("project")) return fail(Code::invalid, "Can't specify --project with --all-projects");
  std::string letters;
  if (call.flags.known("columns")) {
    letters = call.flags.text("columns");
    const Flag* flag = call.flags.find("columns");
    if (all && letters == flag->fallback) letters = std::string(noun.all_projects_column) + letters;
  } else {
    for (const Column& column : noun.columns) letters += column.letter;
    std::erase_if(letters, [&](char letter) { return !all && noun.all_projects_column.contains(letter); });
  }
  TRY(select_columns(noun.columns, letters));
  std::string full = path + "?recursion=1";
  if (all) full += "&all-projects=true";
  if (!query.empty()) full += "&" + std::string(query);
  client::Server chosen = all ? server.project("") : server;
  client::Reply reply = TRY(chosen.get(call.ctx, full));
  return print_objects(call, noun, std::move(reply.metadata), letters);
}

Result<> list_verb(Call& call) {
  const Noun& noun = noun_of(call);
  TRY(check_format(call.format()));
  client::Server server = TRY(call.server(call.args[0]));
  if (call.flags.known("target") && !call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  size_t parents = parents_of(noun);
  StringList names;
  for (size_t i = 0; i < parents; ++i) names.push_back(call.args[i].object().text);
  size_t filters_at = std::max<size_t>(parents, 1);
  std::string filter = filters_at < call.args.size() ? server_filter(call.args[filters_at].texts(), noun.id) : "";
  return list_objects(call, noun, server, collection_path(noun, names), filter.empty() ? "" : "filter=" + filter);
}

}  // namespace cli
