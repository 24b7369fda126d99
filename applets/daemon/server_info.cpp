#include "applets/daemon/server_info.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "api/extensions.h"
#include "applets/daemon/daemon.h"
#include "applets/daemon/listen_addresses.h"
#include "applets/daemon/route.h"
#include "applets/daemon/server_config.h"
#include "applets/daemon/version.h"
#include "core/server_keys.h"
#include "http/certificate.h"
#include "instance/manager.h"
#include "storage/driver.h"
#include "sys/os_release.h"

namespace incusd {
namespace {

/// Beyond this many different callers the cache starts anew.
constexpr size_t kCachedAnswers = 64;

/// What runs natively, and what the same processor runs besides.
StringList architectures(const std::string& machine) {
  if (machine == "x86_64") return {"x86_64", "i686"};
  if (machine == "aarch64") return {"aarch64", "armv8l", "armv7l", "armv6l"};
  return {machine};
}

Result<StringList> drivers_in_use(db::Database& database) {
  return database.read([](db::Tx& tx) -> Result<StringList> {
    StringList drivers;
    TRY(tx.query("SELECT DISTINCT driver FROM storage_pools ORDER BY driver", {}, [&](const db::Row& row) -> Result<> {
      drivers.push_back(row.text(0));
      return {};
    }));
    return drivers;
  });
}

void fill_untrusted(api::ServerUntrusted& out, const StringMap& config) {
  out.api_status = "stable";
  out.api_version = "1.0";
  out.auth = "untrusted";
  out.auth_methods = {"tls"};
  if (!get_or(config, "oidc.issuer").empty() && !get_or(config, "oidc.client.id").empty()) out.auth_methods.push_back("oidc");
  for (const auto& [key, value] : config) {
    if (key.starts_with("user.ui.")) out.config[key] = value;
  }
}

std::string json_of(const StringMap& map) {
  api::ServerPut put;
  put.config = map;
  return api::dump(put);
}

}  // namespace

Result<> ServerInfo::find_facts() {
  if (found_) return {};
  utsname system{};
  uname(&system);
  facts_.architectures = architectures(system.machine);
  facts_.certificate = TRY(server_identity(daemon_)).certificate_pem;
  facts_.certificate_fingerprint = TRY(http::certificate_fingerprint(facts_.certificate));
  facts_.firewall = "nftables";
  facts_.kernel = system.sysname;
  facts_.kernel_architecture = system.machine;
  facts_.kernel_version = system.release;
  facts_.os_name = sys::os_release("NAME");
  facts_.os_version = sys::os_release("VERSION_ID");
  facts_.server = "incus";
  facts_.server_event_mode = "full-mesh";
  facts_.server_pid = getpid();
  facts_.server_version = kVersion;
  for (const std::string& driver : storage::driver_names())
    if (auto version = storage::driver_version(driver)) facts_.storage_supported_drivers.push_back({driver, *version, false});
  found_ = true;
  return {};
}

Result<std::string> ServerInfo::build(const core::Identity& identity, const std::string& project, const Version& version) {
  if (!identity.trusted) {
    api::ServerUntrusted out;
    fill_untrusted(out, *version.config);
    return api::dump(out);
  }
  TRY(find_facts());
  api::Server out;
  fill_untrusted(out, *version.config);
  out.auth = "trusted";
  out.api_extensions = api::extensions();
  out.auth_user_name = identity.requestor.username;
  out.auth_user_method = identity.requestor.protocol;
  out.environment = facts_;
  StringList runtimes, runtime_versions;
  for (auto& runtime : daemon_.instances->runtimes(&settled_)) {
    runtimes.push_back(std::move(runtime.name));
    runtime_versions.push_back(std::move(runtime.version));
  }
  out.environment.driver = join(runtimes, " | ");
  out.environment.driver_version = join(runtime_versions, " | ");
  out.environment.project = project;
  out.environment.addresses = listen_addresses(get_or(*version.config, "core.https_address"));
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  out.environment.server_name = host;
  StringList drivers = TRY(drivers_in_use(*daemon_.global));
  StringList versions;
  for (const std::string& driver : drivers) {
    for (const auto& supported : facts_.storage_supported_drivers) {
      if (supported.name == driver) versions.push_back(supported.version);
    }
  }
  out.environment.storage = join(drivers, " | ");
  out.environment.storage_version = join(versions, " | ");
  if (identity.check({.type = "server", .project = {}, .name = {}}, "can_view_sensitive")) out.config = *version.config;
  return api::dump(out);
}

Result<std::string> ServerInfo::render(const core::Identity& identity, const std::string& project) {
  Version now{daemon_.global->generation(), daemon_.config.get()};
  std::string key = !identity.trusted ? "" : identity.requestor.protocol + "\n" + identity.requestor.username + "\n" + project;
  std::lock_guard guard(mutex_);
  if (now != version_ || !settled_ || cache_.size() >= kCachedAnswers) {
    cache_.clear();
    version_ = now;
  }
  auto found = cache_.find(key);
  if (found != cache_.end()) return found->second;
  return cache_[key] = TRY(build(identity, project, now));
}

std::string ServerInfo::etag() const { return etag_of(json_of(*daemon_.config.get())); }

}  // namespace incusd
