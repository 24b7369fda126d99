#include "instance/qemu/vsock_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <format>

namespace instance::qemu {
namespace {

constexpr const char* kName = "vsock.sock";

/// The socket's address by way of a descriptor of its folder.
sockaddr_un address_in(int folder) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::string path = std::format("/proc/self/fd/{}/{}", folder, kName);
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

Result<UniqueFd> listen_beside(const std::string& run_folder) {
  UniqueFd folder(open(run_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!folder || !fd) return fail_errno("Failed making the vsock device's socket");
  sockaddr_un address = address_in(folder.get());
  unlinkat(folder.get(), kName, 0);  // of an earlier run
  fchmod(fd.get(), 0600);            // bind(2) takes the mode of the socket itself
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 || listen(fd.get(), 64) < 0) return fail_errno("Failed making the vsock device's socket");
  return fd;
}

Result<UniqueFd> call_helper(const std::string& run_folder, const std::string& verb, uint32_t port) {
  UniqueFd folder(open(run_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed making a socket");
  sockaddr_un address = address_in(folder.get());
  std::string line = std::format("{} {}\n", verb, port);
  // EAGAIN: more callers wait than the helper takes; it is stuck or flooded.
  bool said = folder && connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
              send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  if (!said) return fail(Code::unavailable, "The guest cannot be reached: its vsock helper does not run");
  return fd;
}

}  // namespace instance::qemu
