// One SSH client of `incus file mount --listen`: libssh does the protocol, and each sftp session of the client is joined to a socket.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"

struct ssh_bind_struct;

namespace cli {

struct SshOptions {
  bool no_login = false;       ///< anybody may come in
  std::string user, password;  ///< who else may
  std::function<Result<UniqueFd>()> open_sftp;  ///< a socket that speaks SFTP, for each session
};

/// The host key, made for one run. One for all clients; accepting them is not thread-safe.
class SshIdentity {
 public:
  /// Errors: internal.
  static Result<SshIdentity> generate();
  ssh_bind_struct* get() const { return bind_.get(); }

 private:
  std::shared_ptr<ssh_bind_struct> bind_;
};

class SshClient {
 public:
  /// Takes over an accepted connection. `options` must outlive the object. Errors: internal.
  static Result<std::unique_ptr<SshClient>> accept(const SshIdentity& identity, UniqueFd socket, const SshOptions& options);
  virtual ~SshClient() = default;
  /// Serves until the client leaves. Blocks. Errors: invalid (protocol violation), forbidden (no login within two minutes, or too many wrong
  /// passwords), internal, cancelled.
  virtual Result<> serve(const Context& ctx) = 0;
};

}  // namespace cli
