// What the daemon does for guests that come to it over a stream of their own (virtual machines), as far as instance types have to know.
#pragma once
#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace instance {

struct GuestService {
  /// Speaks HTTPS on `stream`, which a guest opened: `vsock_id` says which one (volatile.vsock_id), its certificate has to prove it. On an I/O thread;
  /// does not block.
  std::function<void(uint32_t vsock_id, UniqueFd stream)> serve;
  /// The certificate by which guests know the daemon, PEM. Errors: internal.
  std::function<Result<std::string>()> certificate;
};

/// One for the process, set before the first instance is loaded. An empty `serve` ends it: streams are closed from then on.
void offer_guest_service(GuestService service);
/// Empty functions where there is none (tests).
GuestService guest_service();

}  // namespace instance
