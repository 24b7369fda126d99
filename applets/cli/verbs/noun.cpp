// Shared parts of the generic verbs.
#include "applets/cli/verbs/noun.h"

#include <algorithm>

#include "api/codec.h"
#include "api/yaml.h"

namespace cli {

size_t parents_of(const Noun& noun) {
  size_t count = 0;
  for (size_t at = noun.collection.find("{}"); at != std::string_view::npos; at = noun.collection.find("{}", at + 2)) ++count;
  return count;
}

std::string collection_path(const Noun& noun, const StringList& parents) {
  std::string path(noun.collection);
  for (const std::string& parent : parents) {
    size_t at = path.find("{}");
    if (at == std::string::npos) break;
    path.replace(at, 2, url_escape(parent));
  }
  return path;
}

const Noun& noun_of(const Call& call) { return *static_cast<const Noun*>(call.command.data); }

Result<Target> target_of(Call& call, const Noun& noun) {
  client::Server server = TRY(call.server(call.args[0]));
  if (call.flags.known("target") && !call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  Target target{.server = server};
  size_t parents = parents_of(noun);
  for (size_t i = 0; i <= parents; ++i) target.names.push_back(call.args[i].object().text);
  bool bare = noun.traits & kBareName || parents > 0;
  target.shown = bare ? target.names.back() : call.shown(call.args[0]);
  if (noun.traits & kQuotedName) target.shown = quote(target.shown);
  target.path = collection_path(noun, {target.names.begin(), target.names.end() - 1}) + "/" + url_escape(target.names.back());
  return target;
}

Result<const api::Field*> property_field(const Noun& noun, std::string_view name) {
  for (const api::Field& field : noun.wire.writable()) {
    if (iequals(field.name, name)) return &field;
  }
  return fail(Code::not_found, "The property with tag {} does not exist", quote(name));
}

Result<Json> property_value(const api::Field& field, const std::string& text) {
  if (field.codec == &api::kStringCodec) return Json(text);
  if (field.codec == &api::kBoolCodec) {
    std::string lower = to_lower(text);
    if (lower == "1" || lower == "t" || lower == "true") return Json(true);
    if (lower == "0" || lower == "f" || lower == "false") return Json(false);
    return fail(Code::invalid, "error decoding '{}': Invalid boolean value: {}", field.name, lower);
  }
  if (field.name.ends_with("_at")) {  // required and optional times alike
    auto time = Timestamp::parse(text);
    if (!time) return fail(Code::invalid, "error decoding '{}': parsing time {} as RFC 3339 failed", field.name, quote(text));
    return Json(time->rfc3339());
  }
  if (field.codec == &api::kIntCodec || field.codec == &api::kUintCodec) {
    auto number = parse_int(text);
    if (!number) return fail(Code::invalid, "error decoding '{}': parsing {}: invalid syntax", field.name, quote(text));
    return Json(*number);
  }
  return fail(Code::invalid, "'{}' cannot be set from a text", field.name);
}

std::string property_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) {
    std::string out = "map[";
    bool first = true;
    for (const auto& [key, item] : value.items()) {
      out += (first ? "" : " ") + key + ":" + property_text(item);
      first = false;
    }
    return out + "]";
  }
  if (value.is_array()) {
    std::string out = "[";
    for (size_t i = 0; i < value.size(); ++i) out += (i ? " " : "") + property_text(value[i]);
    return out + "]";
  }
  return value.is_null() ? "<nil>" : value.dump();
}

namespace {

/// An RFC 3339 time with its parts apart, as users of the API's client see times that are properties.
std::string time_property(std::string_view text) {
  size_t zone = text.find_first_of("Z+-", 19);
  if (text.size() < 20 || text[10] != 'T' || zone == std::string_view::npos) return std::string(text);
  std::string offset = replace_all(std::string(text.substr(zone)), ":", "");
  bool utc = offset == "Z" || offset == "+0000";
  return std::format("{} {} {} {}", text.substr(0, 10), text.substr(11, zone - 11), utc ? "+0000" : offset, utc ? "UTC" : offset);
}

}  // namespace

std::string member_property(const Json& object, const std::string& name, const Json& normalized) {
  bool is_time = name.ends_with("_at");
  auto found = object.find(name);
  if (is_time && found != object.end() && found->is_string()) return time_property(found->get_ref<const std::string&>());
  if (is_time && normalized.is_string()) return time_property(normalized.get_ref<const std::string&>());
  return property_text(normalized);
}

Json without_empty(Json object, std::initializer_list<const char*> members) {
  for (const char* member : members) {
    auto found = object.find(member);
    if (found != object.end() && (found->is_null() || found->empty() || *found == "")) object.erase(found);
  }
  return object;
}

std::string editor_text(std::string_view help, const Json& document) {
  std::string out;
  for (const std::string& line : split(help, '\n')) out += line.empty() ? "###\n" : "### " + line + "\n";
  return out + "\n" + api::dump_yaml(document);
}

namespace {

std::string regex_escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string server_filter(const StringList& filters, std::string_view name_key) {
  StringList flat;
  for (const std::string& filter : filters) {
    for (const std::string& part : split(filter, ',')) flat.push_back(part);
  }
  StringList clauses;
  for (size_t i = 0; i < flat.size(); ++i) {
    std::string filter = flat[i];
    if (!filter.contains('=')) {
      if (i > 0) continue;  // only the first bare word is a name
      filter = std::format("{}=^{}($|.*)", name_key, regex_escape(filter));
    }
    size_t equals = filter.find('=');
    clauses.push_back(std::format("{} eq {}", filter.substr(0, equals), filter.substr(equals + 1)));
  }
  return url_escape(join(clauses, " and "));
}

}  // namespace cli
