// Networks as devices and routes see them. Types live in lib/network/<type>/.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/types/network.h"
#include "base/context.h"
#include "base/strings.h"

namespace core {
struct Paths;
class ProjectCache;
class Events;
struct Requestor;
}  // namespace core
namespace db {
class Database;
}

namespace network {

/// What networks may use of the daemon. Lives as long as they do.
struct Environment {
  const core::Paths& paths;
  db::Database& global;
  core::ProjectCache& projects;
  core::Events& events;
  std::function<StringMap()> server_config;
  std::string server_name;
  /// Makes generated MAC addresses of bridges differ between servers: the server certificate's fingerprint.
  std::function<std::string()> fingerprint;
  bool debug = false;
};

/// A managed network as stored.
struct Record {
  int64_t id = 0;
  std::string project, name, description, type;
  StringMap config;
  std::string status = "Created";
};

/// A static DHCP reservation and DNS name for one NIC.
struct Reservation {
  std::string project, instance, device;
  std::string hwaddr;
  std::string ipv4;  ///< empty: dynamic
  std::string ipv6;
};

/// One managed network, as it was when loaded. Thread-safe; calls block and honour ctx. Callers that change it hold the network's lock
/// (Networks does for its own calls).
class Network {
 public:
  virtual ~Network() = default;
  const Record& record() const { return record_; }
  int64_t id() const { return record_.id; }
  const std::string& project() const { return record_.project; }
  const std::string& name() const { return record_.name; }
  const std::string& type() const { return record_.type; }
  const StringMap& config() const { return record_.config; }

  virtual std::string interface() const = 0;  ///< host interface instances attach to
  virtual int mtu() const = 0;                ///< 0: the parent's
  /// Before the first start. Errors: the host interface exists already.
  virtual Result<> create(const Context&) { return {}; }
  /// Brings it up (interface, addresses, NAT, dnsmasq); safe to call again: what is right already is left alone.
  virtual Result<> start(const Context&) = 0;
  virtual Result<> stop(const Context&) = 0;
  /// The stored config was changed from `old`: makes the host follow.
  virtual Result<> reconfigure(const Context& ctx, const StringMap& old) = 0;
  /// After the last stop: files and interfaces that only exist for it.
  virtual Result<> remove(const Context&) { return {}; }
  virtual Result<> reserve(const Context&, const Reservation&) { return {}; }
  virtual Result<> release(const Context&, const std::string& project, const std::string& instance, const std::string& device) {
    (void)project; (void)instance; (void)device;
    return {};
  }
  /// Leases visible to `project`. Errors: unsupported for types without DHCP.
  virtual Result<std::vector<api::NetworkLease>> leases(const std::string& project);
  virtual Result<api::NetworkState> state();

 protected:
  Network(const Environment& environment, Record record) : env_(environment), record_(std::move(record)) {}
  const Environment& env_;
  Record record_;
};

/// All managed networks. Thread-safe.
class Networks {
 public:
  virtual ~Networks() = default;
  static std::unique_ptr<Networks> open(Environment environment);

  /// `project` is the network's own ("default" unless features.networks). Errors: not_found: `Network not found`.
  virtual Result<std::shared_ptr<Network>> load(const std::string& project, const std::string& name) = 0;
  /// The network that a NIC of an instance in `instance_project` means by `name`: networks of "default" may be shared.
  virtual Result<std::shared_ptr<Network>> load_for(const std::string& instance_project, const std::string& name) = 0;
  virtual Result<std::vector<Record>> list(const std::string& project) = 0;  ///< empty: all projects

  virtual Result<std::shared_ptr<Network>> create(const Context&, const std::string& project, const api::NetworksPost& request) = 0;
  /// Errors: invalid where it is in use.
  virtual Result<> remove(const Context&, const std::string& project, const std::string& name) = 0;
  virtual Result<> rename(const Context&, const std::string& project, const std::string& name, const std::string& new_name) = 0;
  virtual Result<> update(const Context&, const std::string& project, const std::string& name, const api::NetworkPut& put) = 0;
  /// URLs of what uses it; with `first_only` at most one.
  virtual Result<StringList> used_by(const std::string& project, const std::string& name, const std::string& type, bool first_only) = 0;

  /// Brings all networks up (those that depend on others last). Failures become warnings and are tried again by the next call.
  virtual Result<> start_all(const Context&) = 0;
  /// Takes interfaces and rules away (host shutdown); instances must have stopped.
  virtual void stop_all(const Context&) = 0;
  virtual const Environment& environment() const = 0;
};

/// A random address after `network.hwaddr_pattern` of the project, else of the server, else 10:66:6a:xx:xx:xx.
std::string random_hwaddr(const Environment& env, const std::string& project);
std::string random_hwaddr();

}  // namespace network
