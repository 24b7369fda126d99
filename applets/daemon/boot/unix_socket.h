// The local API socket: taken over from the service manager, or bound here.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace incusd {

/// A listening unix socket: the one passed by socket activation (sd_listen_fds(3)) or a new one at `path`, mode 0660, owned by `group`
/// (empty: root). Errors: conflict if a daemon already answers there; invalid for an unknown group.
Result<UniqueFd> open_api_socket(const std::string& path, const std::string& group);
/// Deletes the socket file if it is still this process's: the next daemon may have made its own already.
void remove_api_socket(const std::string& path);

/// The socket that instances see as /dev/incus/sock: open to all, as the API asks who calls.
Result<UniqueFd> open_guest_socket(const std::string& path);

}  // namespace incusd
