// What a helper gives up before it looks at the first byte of a guest: seccomp(2), no privileges, no new descriptors but streams.
#pragma once
#include "base/result.h"

namespace vsock {

/// Becomes nobody without rights, whom no other process of nobody's can trace, and restricts itself to the few system calls of run_service():
/// no files, no programs, no sockets but pairs. Errors: internal.
Result<> give_up_everything();

}  // namespace vsock
