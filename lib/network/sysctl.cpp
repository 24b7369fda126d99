// Reading and writing one-line kernel files.
#include "network/sysctl.h"

#include <fcntl.h>

#include <cerrno>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "sys/netlink.h"

namespace network {
namespace {

std::string read_line(const std::string& path) {
  auto text = read_file(path);
  return text ? std::string(trim(*text)) : "";
}

Result<> write_line(const std::string& path, const std::string& value) {
  if (auto current = read_file(path); current && trim(*current) == value) return {};
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path);
  if (write(fd.get(), value.data(), value.size()) < 0) return fail_errno("Failed to write " + path);
  return {};
}

}  // namespace

std::string read_sysctl(const std::string& name) { return read_line("/proc/sys/" + name); }
Result<> write_sysctl(const std::string& name, const std::string& value) { return write_line("/proc/sys/" + name, value); }
std::string read_attribute(const std::string& interface, const std::string& name) { return read_line("/sys/class/net/" + interface + "/" + name); }
Result<> write_attribute(const std::string& interface, const std::string& name, const std::string& value) {
  return write_line("/sys/class/net/" + interface + "/" + name, value);
}
bool interface_exists(const std::string& name) { return !name.empty() && sys::link_exists(name); }

}  // namespace network
