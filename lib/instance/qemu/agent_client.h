// The agent inside a virtual machine as the daemon speaks to it: HTTPS with certificates of its own over streams that somebody else dials.
// Everything the agent says is hostile: answers are bounded, every call ends at its deadline, and long streams hold no thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "api/types/instance_state.h"
#include "base/context.h"
#include "base/unique_fd.h"
#include "core/metrics.h"
#include "instance/instance.h"

namespace async {
class Runtime;
}
namespace http {
class TlsContext;
}

namespace instance::qemu {

/// Where agents listen inside the guest.
constexpr uint32_t kAgentPort = 8443;

/// The pairs made for one machine: each side knows exactly the other's certificate. All PEM.
struct AgentIdentity {
  std::string client_certificate, client_key;  ///< ours; the config drive has the certificate as server.crt
  std::string agent_certificate;               ///< the agent's, agent.crt of the config drive
};

/// What the agent needs to reach the daemon from inside: PUT /1.0, and agent.conf of the config drive.
struct AgentConnection {
  uint32_t cid = 2;         ///< the host as guests see it
  uint32_t port = 8443;
  std::string certificate;  ///< the daemon's, PEM
  bool guest_api = true;    ///< offer /dev/incus/sock inside

  std::string json() const;
};

/// One machine's agent. Thread-safe; every call makes connections of its own. Errors of all: unavailable (nobody answers, or the answer makes
/// no sense), unauthorized (another certificate), timeout, cancelled, and what the agent itself answered. All block, at most until the
/// deadline of their Context, and never longer than `kCallTime`.
class AgentClient {
 public:
  using Dial = std::function<Result<UniqueFd>(const Context&, uint32_t port)>;
  static constexpr seconds kCallTime{30};

  /// Errors: invalid (certificates).
  static Result<std::shared_ptr<AgentClient>> create(async::Runtime& runtime, Dial dial, const AgentIdentity& identity);
  virtual ~AgentClient() = default;

  /// Succeeds once an agent answers that knows us.
  virtual Result<> ping(const Context& ctx) = 0;
  /// Tells the agent how to reach the daemon; it tries at once, so that an error may be the daemon's.
  virtual Result<> advertise(const Context& ctx, const AgentConnection& connection) = 0;
  /// What the guest says about itself; status, disks and limits are the caller's to fill.
  virtual Result<api::InstanceState> state(const Context& ctx) = 0;
  /// Added to `set` (with its common labels).
  virtual Result<> metrics(const Context& ctx, core::MetricSet& set) = 0;
  /// Tells the guest of a change: `type` is "config" or "device", `metadata` JSON text. The agent passes it on to listeners of /dev/incus/sock
  /// and mounts or unmounts shared folders.
  virtual Result<> send_event(const Context& ctx, const std::string& type, const std::string& metadata) = 0;
  /// Runs a command. Its streams are pumped between the descriptors of `request` (not taken over: duplicated) and the agent without a thread.
  virtual Result<std::unique_ptr<ExecProcess>> exec(const Context& ctx, const ExecRequest& request) = 0;
  /// A connected socket on which the guest's SFTP server speaks.
  virtual Result<UniqueFd> sftp(const Context& ctx) = 0;
  /// A connected socket to a TCP port, dialled from inside the guest. `address` may be empty: the guest's loopback.
  virtual Result<UniqueFd> connect_tcp(const Context& ctx, const std::string& address, int64_t port) = 0;
};

}  // namespace instance::qemu
