#include "applets/tools/user/setup.h"

#include <unistd.h>

#include <filesystem>
#include <format>

#include "api/types/certificate.h"
#include "api/types/network.h"
#include "api/types/profile.h"
#include "api/types/project.h"
#include "api/types/storage_pool.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/reverter.h"
#include "client/api.h"
#include "sys/idmap.h"
#include "sys/spawn.h"

namespace incus_user {
namespace {

using client::Server;
using http::Method;

constexpr std::string_view kPool = "default", kBridge = "incusbr0";
constexpr size_t kMaxInterfaceName = 15;

Result<StringList> names(const Context& ctx, Server& server, const std::string& collection) {
  StringList list;
  for (const Json& item : TRY(server.get(ctx, "/1.0/" + collection)).metadata) {
    std::string url = item.is_string() ? item.get<std::string>() : "";
    list.push_back(url.substr(url.rfind('/') + 1));
  }
  return list;
}

/// Adds to the default profile of the default project.
Result<> add_device(const Context& ctx, Server& server, const std::string& name, const StringMap& device) {
  std::string etag;
  auto profile = TRY(server.get_as<api::Profile>(ctx, "/1.0/profiles/default", &etag));
  profile.devices[name] = device;
  TRY(server.query(ctx, Method::put, "/1.0/profiles/default", api::dump(api::slice<api::ProfilePut>(profile)), etag));
  return {};
}

StringMap root_device() { return {{"type", "disk"}, {"path", "/"}, {"pool", std::string(kPool)}}; }
StringMap nic_device(const std::string& network) { return {{"type", "nic"}, {"name", "eth0"}, {"network", network}}; }

Result<> make_pool(const Context& ctx, Server& server) {
  api::StoragePoolsPost pool;
  pool.name = kPool;
  pool.driver = "dir";
  TRY_CTX(server.query(ctx, Method::post, "/1.0/storage-pools", api::dump(pool)), "Failed to create storage pool");
  return add_device(ctx, server, "root", root_device());
}

Result<> make_network(const Context& ctx, Server& server, const std::string& name, const std::string& description) {
  api::NetworksPost network;
  network.name = name;
  network.type = "bridge";
  network.description = description;
  TRY_CTX(server.query(ctx, Method::post, "/1.0/networks", api::dump(network)), "Failed to create network");
  return {};
}

/// May the user's own ids be mapped into containers? Without subuid(5) tools nothing forbids it.
bool own_ids_allowed(int64_t uid, int64_t gid) {
  if (!sys::find_program("newuidmap") || !sys::find_program("newgidmap")) return true;
  return sys::host_idmap().includes(sys::IdMap({{.is_uid = true, .hostid = uid, .size = 1}, {.is_gid = true, .hostid = gid, .size = 1}}));
}

}  // namespace

/// A line of passwd(5).
struct Setup::Account {
  std::string name, uid, gid, home;
  std::string project() const { return "user-" + uid; }
  /// Long ids leave no room for the long form.
  std::string network() const {
    std::string name = "incusbr-" + uid;
    return name.size() <= kMaxInterfaceName ? name : "user-" + uid;
  }

  static Result<Account> find(const Context& ctx, uid_t uid) {
    auto output = TRY_CTX(sys::run(ctx, {"getent", "passwd", std::to_string(uid)}), "Failed to retrieve user information");
    StringList fields = split(trim(output.out), ':');
    if (fields.size() != 7) return fail(Code::not_found, "Invalid user entry");
    return Account{.name = fields[0], .uid = fields[2], .gid = fields[3], .home = fields[5]};
  }

  api::ProjectsPost new_project() const {
    api::ProjectsPost post;
    post.name = project();
    post.description = std::format("User restricted project for {} ({})", quote(name), uid);
    post.config = {{"features.images", "true"},
                   {"features.networks", "false"},
                   {"features.networks.zones", "true"},
                   {"features.profiles", "true"},
                   {"features.storage.buckets", "true"},
                   {"features.storage.volumes", "true"},
                   {"restricted", "true"},
                   {"restricted.containers.nesting", "allow"},
                   {"restricted.devices.disk", "allow"},
                   {"restricted.devices.disk.paths", home},
                   {"restricted.devices.gpu", "allow"},
                   {"restricted.idmap.gid", gid},
                   {"restricted.idmap.uid", uid},
                   {"restricted.networks.access", network()}};
    return post;
  }

  api::ProfilePut default_profile() const {
    api::ProfilePut put;
    put.description = "Default Incus profile";
    put.devices = {{"root", root_device()}, {"eth0", nic_device(network())}};
    if (own_ids_allowed(parse_int(uid).value_or(-1), parse_int(gid).value_or(-1)))
      put.config["raw.idmap"] = std::format("uid {0} {0}\ngid {1} {1}", uid, gid);
    return put;
  }
};

Result<> Setup::prepare_server(const Context& ctx) {
  Server server(client::Endpoint{.unix_path = socket_});
  StringList pools = TRY_CTX(names(ctx, server, "storage-pools"), "Failed to check the configuration");
  auto networks = TRY_CTX(server.get_as<std::vector<api::Network>>(ctx, "/1.0/networks?recursion=1"), "Failed to check the configuration");
  bool has_bridge = std::ranges::any_of(networks, [](const api::Network& network) { return network.name == kBridge; });
  if (!has_bridge || !contains(pools, kPool)) {
    log_info("Performing initial configuration");
    if (pools.empty()) TRY(make_pool(ctx, server));
    if (std::ranges::none_of(networks, &api::Network::managed)) {
      TRY(make_network(ctx, server, std::string(kBridge), ""));
      TRY(add_device(ctx, server, "eth0", nic_device(std::string(kBridge))));
    }
  }
  projects_ = TRY_CTX(names(ctx, server, "projects"), "Failed to pull project list");
  return {};
}

Result<http::KeyPair> Setup::user_certificate(const Context& ctx, uid_t uid) {
  std::lock_guard guard(mutex_);
  std::string folder = std::format("{}/users/{}", folder_, uid);
  std::string certificate = folder + "/client.crt", key = folder + "/client.key";
  std::error_code error;
  bool known = std::filesystem::exists(folder, error);
  if (known && contains(projects_, std::format("user-{}", uid))) return http::load_or_generate(certificate, key, http::CertificateUse::client);
  log_info("Setting up a user", {{"uid", std::to_string(uid)}});
  Account account = TRY(Account::find(ctx, uid));
  Reverter undo;
  std::filesystem::create_directory(folder, error);
  if (error) return fail(Code::internal, "Failed to create user directory: {}", error.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  undo.add("remove user folder", [folder](const Context&) -> Result<> {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return {};
  });
  http::KeyPair pair = TRY_CTX(http::load_or_generate(certificate, key, http::CertificateUse::client), "Failed to generate user certificate");
  TRY(set_up(ctx, account, pair.certificate_pem));
  undo.commit();
  return pair;
}

Result<> Setup::set_up(const Context& ctx, const Account& account, const std::string& certificate_pem) {
  Server server(client::Endpoint{.unix_path = socket_});
  std::string trusted = "/1.0/certificates/" + TRY(http::certificate_fingerprint(certificate_pem));
  // Someone who was set up before keeps what an administrator made of it since.
  auto existing = server.get_as<api::Certificate>(ctx, trusted);
  if (existing && !existing->projects.empty()) return {};
  Reverter undo;
  std::string project = account.project();
  if (!contains(projects_, project)) {
    TRY_CTX(server.query(ctx, Method::post, "/1.0/projects", api::dump(account.new_project())), "Unable to create project");
    undo.add("delete project", [&](const Context& fresh) -> Result<> {
      TRY(server.query(fresh, Method::delete_, "/1.0/projects/" + project));
      return {};
    });
    auto network = make_network(ctx, server, account.network(), "Network for user restricted project " + project);
    if (!network && network.error().code() != Code::conflict) return network;
    Server own = server.project(project);
    TRY_CTX(own.query(ctx, Method::put, "/1.0/profiles/default", api::dump(account.default_profile())), "Unable to update the default profile");
  }
  (void)server.query(ctx, Method::delete_, trusted);  // trusted for no project: made again below
  api::CertificatesPost post;
  post.name = "incus-user-" + account.uid;
  post.type = "client";
  post.restricted = true;
  post.projects = {project};
  post.certificate = base64_encode(TRY(http::pem_to_der(certificate_pem)));
  TRY_CTX(server.query(ctx, Method::post, "/1.0/certificates", api::dump(post)), "Unable to add user certificate");
  if (!contains(projects_, project)) projects_.push_back(project);
  undo.commit();
  return {};
}

Result<std::string> Setup::server_certificate() const {
  std::string path = folder_ + "/cluster.crt";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) path = folder_ + "/server.crt";
  return TRY_CTX(read_file(path), "Unable to open server certificate");
}

}  // namespace incus_user
