// The socket of a vsock helper, `vsock.sock` in the machine's run folder, whose path may be longer than a socket address holds.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace instance::qemu {

/// Binds it anew, for root only. Errors: internal.
Result<UniqueFd> listen_beside(const std::string& run_folder);
/// Connects and says "VERB PORT". Not blocking. Errors: unavailable (no helper).
Result<UniqueFd> call_helper(const std::string& run_folder, const std::string& verb, uint32_t port);

}  // namespace instance::qemu
