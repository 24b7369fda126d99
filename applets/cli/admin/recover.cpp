// `incus admin recover`: asks which pools to search for instances and volumes the database lost, shows what was found, takes it over.
#include <print>

#include "applets/cli/ask.h"
#include "applets/cli/call.h"
#include "applets/cli/verbs/columns.h"

namespace cli {
namespace {

/// Text that a Go program would print with %q, of a JSON member.
std::string quoted(const Json& object, const char* name) { return quote(member_text(object, name)); }

std::string source_of(const Json& pool) { return quoted(pool.value("config", Json::object()), "source"); }

Result<> ask_settings(Json& config) {
  for (;;) {
    std::string pair = TRY(ask_text("Additional storage pool configuration property (KEY=VALUE, empty when done): ", "", [](const std::string& text) -> Result<> {
      if (text.empty() || text.contains('=')) return {};
      return fail(Code::invalid, "Config option should be in the format KEY=VALUE");
    }));
    if (pair.empty()) return {};
    size_t equals = pair.find('=');
    config[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
}

Result<Json> ask_pool(const StringList& drivers, const Json& earlier) {
  Json pool{{"config", Json::object()}, {"description", ""}};
  pool["name"] = TRY(ask_text("Name of the storage pool: ", "", [&](const std::string& name) -> Result<> {
    if (name.empty()) return fail(Code::invalid, "Pool name cannot be empty");
    for (const Json& other : earlier) {
      if (other["name"] == name) return fail(Code::invalid, "Storage pool {} is already on recover list", quote(name));
    }
    return {};
  }));
  pool["driver"] = TRY(ask_text(std::format("Name of the storage backend ({}): ", join(drivers, ", ")), "", [&](const std::string& name) -> Result<> {
    if (contains(drivers, name)) return {};
    return fail(Code::invalid, "Invalid value {} (not one of {})", quote(name), join(drivers, ", "));
  }));
  pool["config"]["source"] = TRY(ask_text("Source of the storage pool (block device, volume group, dataset, path, ... as applicable): ", "", [](const std::string& text) -> Result<> {
    return text.empty() ? Result<>(fail(Code::invalid, "Required value")) : Result<>();
  }));
  TRY(ask_settings(pool["config"]));
  return pool;
}

/// Pools that the database doesn't know (any more). Members of a cluster can't add pools on their own.
Result<Json> ask_unknown_pools(const Json& info) {
  Json pools = Json::array();
  if (info["environment"].value("server_clustered", false)) return pools;
  StringList drivers;
  for (const Json& driver : info["environment"].value("storage_supported_drivers", Json::array())) drivers.push_back(member_text(driver, "Name"));
  while (TRY(ask_yes_no("Would you like to recover another storage pool? (yes/no) [default=no]: ", "no"))) pools.push_back(TRY(ask_pool(drivers, pools)));
  return pools;
}

void show_finds(const Json& pools, const Json& volumes) {
  if (!pools.empty()) std::println("The following unknown storage pools have been found:");
  for (const Json& pool : pools) std::println(" - Storage pool {} of type {}", quoted(pool, "name"), quoted(pool, "driver"));
  if (!volumes.empty()) std::println("The following unknown volumes have been found:");
  for (const Json& volume : volumes) {
    std::string type = member_text(volume, "type");
    if (!type.empty()) type[0] = static_cast<char>(toupper(static_cast<unsigned char>(type[0])));
    std::println(" - {} {} on pool {} in project {} (includes {} snapshots)", type, quoted(volume, "name"), quoted(volume, "pool"), quoted(volume, "project"),
                 volume.value("snapshotCount", 0));
  }
}

Json list_of(const Json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : Json::array();
}

/// Scans until nothing is missing that the finds depend on. False: nothing was found.
Result<bool> scan(Call& call, client::Server& server, const Json& unknown_pools, const Json& request) {
  for (;;) {
    auto answer = TRY_CTX(server.query(call.ctx, http::Method::post, "/internal/recover/validate", api::dump_json(request)), "Failed validation request");
    Json volumes = list_of(answer.metadata, "UnknownVolumes"), missing = list_of(answer.metadata, "DependencyErrors");
    show_finds(unknown_pools, volumes);
    if (missing.empty()) {
      if (!unknown_pools.empty() || !volumes.empty()) return true;
      std::println("No unknown storage pools or volumes found. Nothing to do.");
      return false;
    }
    std::println("You are currently missing the following:");
    for (const Json& text : missing) std::println(" - {}", text.get<std::string>());
    std::print("Please create those missing entries and then hit ENTER: ");
    std::fflush(stdout);
    TRY(read_line());
  }
}

Result<> recover(Call& call) {
  client::Server server = TRY(call.server(call.args[0])).project("");
  const Json& info = *TRY(server.info(call.ctx));
  Json known = TRY_CTX(server.get(call.ctx, "/1.0/storage-pools?recursion=1"), "Failed getting existing storage pools").metadata;
  Json request{{"pools", Json::array()}};
  std::println("This server currently has the following storage pools:");
  for (const Json& pool : known) {
    std::println(" - {} (backend={}, source={})", member_text(pool, "name"), quoted(pool, "driver"), source_of(pool));
    request["pools"].push_back({{"name", pool["name"]}});
  }
  Json added = TRY(ask_unknown_pools(info));
  std::println("The recovery process will be scanning the following storage pools:");
  for (const Json& pool : known) std::println(" - EXISTING: {} (backend={}, source={})", quoted(pool, "name"), quoted(pool, "driver"), source_of(pool));
  for (const Json& pool : added) {
    std::println(" - NEW: {} (backend={}, source={})", quoted(pool, "name"), quoted(pool, "driver"), source_of(pool));
    request["pools"].push_back(pool);
  }
  if (!TRY(ask_yes_no("Would you like to continue with scanning for lost volumes? (yes/no) [default=yes]: ", "yes"))) return {};
  std::println("Scanning for unknown volumes...");
  if (!TRY(scan(call, server, added, request))) return {};
  if (!TRY(ask_yes_no("Would you like those to be recovered? (yes/no) [default=no]: ", "no"))) return {};
  std::println("Starting recovery...");
  TRY_CTX(server.query(call.ctx, http::Method::post, "/internal/recover/import", api::dump_json(request)), "Failed import request");
  return {};
}

constexpr Command kCommands[] = {
    {.path = "admin recover", .usage = "[<remote>:]", .summary = "Find instances and volumes that the database lost", .run = recover,
     .about = "After the loss of a database: the storage pools it knows, and others you name, are searched for instances and volumes\n"
              "it has no record of. What is found is shown before anything changes; then the records are made again."},
};

}  // namespace

extern const CommandTable admin_recover_commands = kCommands;

}  // namespace cli
