// What the parts of the guest's agent share.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async/runtime.h"
#include "core/event.h"
#include "core/operation.h"
#include "http/certificate.h"

namespace agent {

class GuestApi;

/// How to reach the daemon (PUT /1.0, agent.conf).
struct HostConnection {
  uint32_t cid = 2;
  uint32_t port = 0;
  std::string certificate;  ///< the daemon's, PEM
  bool guest_api = false;   ///< offer /dev/incus/sock
};
/// Errors: invalid.
Result<HostConnection> parse_host_connection(std::string_view json);

struct Options {
  std::string secrets;      ///< folder of agent.crt, agent.key and server.crt; empty: the working directory
  std::string socket;       ///< listen on this unix socket instead of vsock, for tests
  std::string host_socket;  ///< the daemon is at this one, likewise
  std::string device_folder = "/dev";  ///< where incus/sock appears
  bool verbose = false, debug = false;
};

struct Agent {
  Agent(async::Runtime& run, Options given) : runtime(run), options(std::move(given)) {}

  /// /etc/incus-agent.yml may switch parts off: once it has features, only those named true are on.
  bool allows(const std::string& feature) const { return !features || (features->contains(feature) && features->at(feature)); }
  std::string secret_path(const std::string& name) const { return options.secrets.empty() ? name : options.secrets + "/" + name; }
  HostConnection host() const;
  void set_host(HostConnection connection);

  async::Runtime& runtime;
  const Options options;
  std::optional<std::map<std::string, bool>> features;
  http::KeyPair identity;  ///< agent.crt and agent.key
  core::Events events;
  std::unique_ptr<core::Operations> operations;
  std::shared_ptr<GuestApi> guest_api;
  std::function<void()> connected;  ///< called when the daemon was reached

 private:
  mutable std::mutex mutex_;
  HostConnection host_;
};

/// Reads the features from /etc/incus-agent.yml; a missing file switches nothing off. Errors: invalid.
Result<> load_features(Agent& agent);

}  // namespace agent
