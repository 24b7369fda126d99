// One SSH client: greeting, key exchange, login, sftp sessions.
#pragma once
#include <functional>
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"
#include "ssh/crypto.h"

namespace ssh {

struct ServerOptions {
  bool no_login = false;       ///< anybody may come in
  std::string user, password;  ///< who else may
  std::function<Result<UniqueFd>()> open_sftp;  ///< a socket that speaks SFTP, for each session
};

/// Serves until the client leaves. Blocks. Errors: invalid (protocol violation), forbidden (too many wrong passwords), internal, cancelled.
Result<> serve(const Context& ctx, UniqueFd socket, const HostKey& key, const ServerOptions& options);

}  // namespace ssh
