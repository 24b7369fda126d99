// The seccomp policy of a container in liblxc's text format, from the security.syscalls.* keys. seccomp(2); lxc.container.conf(5) "SECCOMP".
#pragma once
#include <optional>
#include <string>

#include "base/strings.h"

namespace instance::lxc {

/// Are system calls of this container answered by the daemon (security.syscalls.intercept.*)?
bool needs_intercept(const StringMap& config, bool privileged);
/// The policy's text; nothing where none is wanted. `architecture` is the API's word ("x86_64").
std::optional<std::string> seccomp_policy(const StringMap& config, bool privileged, const std::string& architecture);

}  // namespace instance::lxc
