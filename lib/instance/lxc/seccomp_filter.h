// A seccomp policy as the kernel's BPF program, for commands that join a running container: the same rules that liblxc installs for init.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace instance::lxc {

/// A file with the program (an array of sock_filter), positioned at its start; none for an empty policy or one that filters nothing. Compiled ones are remembered by
/// text. Rules with `notify` are left out: they need a listener, which only liblxc sets up. Errors: invalid policies.
Result<UniqueFd> seccomp_filter_file(const std::string& policy);

}  // namespace instance::lxc
