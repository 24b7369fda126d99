#include "applets/cli/admin/init.h"

#include <unistd.h>

#include <cstdlib>
#include <print>

#include "api/yaml.h"
#include "applets/cli/editor.h"
#include "applets/cli/input.h"

namespace cli {

api::InitProfileProjectPost& default_profile(api::InitLocalPreseed& preseed) {
  if (preseed.profiles.empty()) {
    preseed.profiles.emplace_back();
    preseed.profiles[0].name = preseed.profiles[0].project = "default";
  }
  return preseed.profiles[0];
}

std::string var_path(const std::string& name) {
  const char* folder = getenv("INCUS_DIR");
  std::string path = folder && *folder ? folder : "/var/lib/incus";
  return name.empty() ? path : path + "/" + name;
}

namespace {

constexpr std::string_view kAutoFlags[] = {"network-address", "storage-backend", "storage-create-device", "storage-pool"};

bool auto_flag_given(Call& call) {
  for (std::string_view name : kAutoFlags) {
    if (!call.flags.text(name).empty()) return true;
  }
  return call.flags.number("network-port") != -1 || call.flags.number("storage-create-loop") != -1;
}

Result<> check_flags(Call& call) {
  bool automatic = call.flags.on("auto"), preseed = call.flags.on("preseed"), minimal = call.flags.on("minimal");
  if (automatic && preseed) return fail(Code::invalid, "Can't use --auto and --preseed together");
  if (minimal && preseed) return fail(Code::invalid, "Can't use --minimal and --preseed together");
  if (minimal && automatic) return fail(Code::invalid, "Can't use --minimal and --auto together");
  if (!automatic && auto_flag_given(call)) return fail(Code::invalid, "Configuration flags require --auto");
  if (call.flags.on("dump") && (automatic || minimal || preseed)) return fail(Code::invalid, "Can't use --dump with other flags");
  return {};
}

/// Copies the members of each object that the preseed knows.
template <class Post>
Result<> take(client::Server& server, const Context& ctx, const std::string& path, std::vector<Post>& list, bool (*wanted)(const Json&) = nullptr) {
  for (const Json& item : TRY(server.get(ctx, path + "?recursion=1")).metadata) {
    if (!wanted || wanted(item)) list.push_back(TRY(api::from_json<Post>(item)));
  }
  return {};
}

/// Preseeds spell this member in lower case; the API does not.
void rename_member(Json& object, const std::string& from, const std::string& to) {
  Json renamed = Json::object();
  for (const auto& [name, value] : object.items()) renamed[name == from ? to : name] = value;
  object = std::move(renamed);
}

Result<> dump(Call& call, client::Server& server) {
  api::InitLocalPreseed preseed;
  preseed.config = TRY(api::from_json<api::ServerPut>(TRY(server.get(call.ctx, "/1.0")).metadata)).config;
  TRY(take(server, call.ctx, "/1.0/networks", preseed.networks, [](const Json& network) { return network.value("managed", false); }));
  for (auto& network : preseed.networks) network.project = "default";
  TRY(take(server, call.ctx, "/1.0/storage-pools", preseed.storage_pools));
  TRY(take(server, call.ctx, "/1.0/profiles", preseed.profiles));
  TRY(take(server, call.ctx, "/1.0/projects", preseed.projects));
  for (auto& profile : preseed.profiles) profile.project.clear();
  Json document = api::to_json(preseed);
  for (const char* list : {"networks", "storage_volumes", "profiles"}) {
    if (!document.contains(list)) continue;
    for (Json& item : document[list]) rename_member(item, "Project", "project");
  }
  std::println("{}", api::dump_yaml(document));
  return {};
}

/// Unknown members are refused: a misspelt one would silently do nothing.
Result<> check_members(const Json& document) {
  const api::TypeInfo& known = api::type_info<api::InitPreseed>();
  for (const auto& [name, value] : document.items()) {
    bool found = false;
    for (const api::Field& field : known) found = found || field.name == name;
    if (!found) return fail(Code::invalid, "Failed to parse the preseed: unknown member {}", quote(name));
  }
  return {};
}

Result<api::InitLocalPreseed> read_preseed(Call& call) {
  std::string path = call.args.empty() || call.args[0].skipped || call.args[0].parts.size() < 2 ? "" : call.args[0].parts.back().get();
  std::string text = path.empty() || path == "-" ? TRY(read_stdin()) : TRY_CTX(read_file(path), "Failed to read from file");
  Json document = TRY_CTX(api::parse_yaml(text), "Failed to parse the preseed");
  if (document.is_null()) return api::InitLocalPreseed{};
  if (!document.is_object()) return fail(Code::invalid, "Failed to parse the preseed: it must be a mapping");
  TRY(check_members(document));
  auto preseed = TRY_CTX(api::from_json<api::InitPreseed>(document), "Failed to parse the preseed");
  if (preseed.cluster) return fail(Code::unsupported, "Clustering isn't available: remove \"cluster\" from the preseed");
  return preseed;
}

}  // namespace

Result<> init_server(Call& call) {
  TRY(check_flags(call));
  client::Server server = TRY(call.server("local"));
  TRY_CTX(server.info(call.ctx), "Failed to connect to local daemon");
  if (call.flags.on("dump")) return dump(call, server);
  bool automatic = call.flags.on("auto") || call.flags.on("minimal");
  auto preseed = call.flags.on("preseed") ? read_preseed(call) : automatic ? automatic_preseed(call, server) : interactive_preseed(server, call.ctx);
  return apply_preseed(call.ctx, server, TRY(std::move(preseed)));
}

}  // namespace cli
