// set, unset, edit, create, delete and rename for any noun.
#include <print>

#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"
#include "base/timestamp.h"

namespace cli {

namespace {

/// The last argument as pairs; `unset` gives each key an empty value.
Result<StringMap> changes_of(Call& call, bool unset) {
  if (!unset) return read_pairs(call.args.back());
  StringMap pairs;
  for (const std::string& key : call.args.back().texts()) pairs[key] = "";
  return pairs;
}

Json empty_like(const api::Field& field, const Json& value) {
  if (field.name.ends_with("_at")) return Timestamp().rfc3339();
  switch (value.type()) {
    case Json::value_t::string: return "";
    case Json::value_t::boolean: return false;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return 0;
    case Json::value_t::number_float: return 0.0;
    default: return value;
  }
}

Result<> change_verb(Call& call, bool unset) {
  const Noun& noun = noun_of(call);
  StringMap changes = TRY(changes_of(call, unset));
  bool properties = (call.flags.known("property") && call.flags.on("property")) || !(noun.traits & kHasConfig);
  return update_target(call, noun, [&](Json& writable) -> Result<> {
    if (properties) return change_members(noun, changes, unset, writable);
    for (const auto& [key, value] : changes) writable["config"][key] = value;
    return {};
  });
}

std::string created_message(const Call& call, const Noun& noun, const std::string& shown) {
  bool member = noun.traits & kHasMembers && call.flags.known("target") && !call.flags.text("target").empty();
  if (member) return std::format("{} {} pending on member {}", noun.title, shown, call.flags.text("target"));
  return std::format("{} {} created", noun.title, shown);
}

}  // namespace

Result<> change_members(const Noun& noun, const StringMap& changes, bool unset, Json& writable) {
  for (const auto& [name, text] : changes) {
    auto field = property_field(noun, name);
    if (!field && unset) return std::unexpected(std::move(field.error()).wrap("Error unsetting property"));
    if (!field) continue;  // unknown members are not an error for `set`, as for the API's client
    Json& member = writable[std::string((*field)->name)];
    if (unset) member = empty_like(**field, member);
    else member = TRY_CTX(property_value(**field, text), "Error setting properties: Error decoding data");
  }
  return {};
}

Result<> update_object(Call& call, client::Server& server, const std::string& path, const Noun& noun, const std::function<Result<>(Json& writable)>& change) {
  client::Reply reply = TRY(server.get(call.ctx, path));
  Json writable = TRY(noun.wire.to_writable(reply.metadata));
  TRY(change(writable));
  TRY(run_request(call, server, http::Method::put, path, api::dump_json(writable), reply.etag));
  return {};
}

Result<> update_target(Call& call, const Noun& noun, const std::function<Result<>(Json& writable)>& change) {
  Target target = TRY(target_of(call, noun));
  return update_object(call, target.server, target.path, noun, change);
}

Result<> set_verb(Call& call) { return change_verb(call, false); }
Result<> unset_verb(Call& call) { return change_verb(call, true); }

Result<> edit_verb(Call& call) {
  const Noun& noun = noun_of(call);
  Target target = TRY(target_of(call, noun));
  std::string text, etag;
  if (stdin_is_terminal()) {
    client::Reply reply = TRY(target.server.get(call.ctx, target.path));
    etag = reply.etag;
    text = editor_text(noun.edit_help, TRY(noun.wire.normalize(reply.metadata)));
  }
  return edit_until(text, [&](const std::string& content) -> Result<> {
    Json writable = TRY(noun.wire.to_writable(TRY(api::parse_yaml(content))));
    TRY(run_request(call, target.server, http::Method::put, target.path, api::dump_json(writable), etag));
    return {};
  });
}

Result<> create_object(Call& call, const Noun& noun, const Json& extra, const Arg* pairs) {
  Target target = TRY(target_of(call, noun));
  StringMap config = pairs ? TRY(read_pairs(*pairs)) : StringMap{};
  Json document = TRY(document_from_stdin());
  Json body = TRY(noun.wire.to_writable(document.is_object() ? document : Json::object()));
  body[std::string(noun.id)] = target.names.back();
  for (const auto& [key, value] : config) body["config"][key] = value;
  if (call.flags.known("description") && !call.flags.text("description").empty()) body["description"] = call.flags.text("description");
  for (const auto& [key, value] : extra.items()) body[key] = value;
  std::string collection = target.path.substr(0, target.path.rfind('/'));
  TRY(run_request(call, target.server, http::Method::post, collection, api::dump_json(body)));
  call.say(created_message(call, noun, target.shown));
  return {};
}

Result<> create_verb(Call& call) {
  const Noun& noun = noun_of(call);
  size_t pairs_at = parents_of(noun) + 1;
  return create_object(call, noun, Json::object(), pairs_at < call.args.size() ? &call.args[pairs_at] : nullptr);
}

Result<> delete_verb(Call& call) {
  const Noun& noun = noun_of(call);
  std::vector<Arg> objects = parents_of(noun) == 0 && !call.args[0].parts.empty() && call.args[0].remote.empty() ? call.args[0].parts : std::vector{call.args[0]};
  std::string problems;
  for (const Arg& object : objects) {
    call.args[0] = object;
    Result<> deleted = [&]() -> Result<> {
      Target target = TRY(target_of(call, noun));
      TRY(run_request(call, target.server, http::Method::delete_, target.path));
      call.say(std::format("{} {} deleted", noun.deleted_title.empty() ? noun.title : noun.deleted_title, target.shown));
      return {};
    }();
    if (!deleted) problems += (problems.empty() ? "" : "\n") + deleted.error().message();
  }
  if (!problems.empty()) return fail(Code::internal, "{}", problems);
  return {};
}

Result<> rename_verb(Call& call) {
  const Noun& noun = noun_of(call);
  Target target = TRY(target_of(call, noun));
  const std::string& name = call.args.back().text;
  TRY(run_request(call, target.server, http::Method::post, target.path, api::dump_json({{"name", name}})));
  call.say(std::format("{} {} renamed to {}", noun.title, target.shown, name));
  return {};
}

}  // namespace cli
