// Requests whose connection becomes a byte stream of another protocol (Upgrade): SFTP, NBD, TCP.
#pragma once
#include <memory>
#include <string>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "base/unique_fd.h"

namespace incusd {

/// Errors: invalid `Missing or invalid upgrade header`.
Result<> check_upgrade(Call& call, std::string_view protocol);
/// Bytes go both ways between the caller and the socket until one of them is done; `hold` is kept until then.
Reply relay(std::string protocol, UniqueFd socket, std::shared_ptr<void> hold = nullptr);
/// The same for a protocol in which the server speaks first: it starts a moment later, because clients lose what comes with the answer's head.
Reply relay_server_first(Call& call, std::string protocol, UniqueFd socket, std::shared_ptr<void> hold);

}  // namespace incusd
