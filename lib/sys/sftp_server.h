// An SFTP server for the file system the process sees: used by helpers that have entered a container or a volume.
#pragma once
#include "base/result.h"

namespace sys::sftp {

/// Serves one client until it hangs up. Paths are the process's own; relative ones count from "/". Blocks.
Result<> serve(int input, int output);

}  // namespace sys::sftp
