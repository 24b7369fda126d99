// Pseudo terminals: pty(7), ioctl_tty(2).
#pragma once
#include <sys/types.h>

#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// A new pty of the host's devpts: {outer end, inner end}.
Result<std::pair<UniqueFd, UniqueFd>> open_pty();
/// A new pty in the devpts that process `pid` sees at /dev/pts, owned by host ids.
Result<std::pair<UniqueFd, UniqueFd>> open_pty_of(pid_t pid, uid_t uid, gid_t gid);
Result<> resize_pty(int fd, int columns, int rows);

}  // namespace sys
