// Kernel switches under /proc/sys and /sys, written only where they differ.
#pragma once
#include <string>

#include "base/result.h"

namespace network {

/// "net/ipv4/ip_forward" -> its value without the newline; empty if there is no such switch.
std::string read_sysctl(const std::string& name);
/// Errors: internal with errno; a missing switch is an error too.
Result<> write_sysctl(const std::string& name, const std::string& value);
/// The same for a file under /sys/class/net/<interface>/.
std::string read_attribute(const std::string& interface, const std::string& name);
Result<> write_attribute(const std::string& interface, const std::string& name, const std::string& value);
bool interface_exists(const std::string& name);

}  // namespace network
