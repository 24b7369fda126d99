// The life of one vsock helper: serves QEMU's vhost-user connection, the daemon's requests and all streams in one thread until QEMU goes.
#pragma once
#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace vsock {

/// `qemu`: a connected vhost-user socket; `control`: a listening one for the daemon. Each connection to it says one line:
///   CONNECT PORT   becomes a stream to that port of the guest; begins with "OK\n", or "NO\n" where nobody listens, or ends where no driver is
///   LISTEN PORT    gets "OK\n" and then, for each connection that the guest makes to that port of the host, a message "+" with its stream
/// Returns when QEMU closes its end. Errors: internal (no epoll). Blocks.
Result<> run_service(uint32_t cid, UniqueFd qemu, UniqueFd control);

}  // namespace vsock
