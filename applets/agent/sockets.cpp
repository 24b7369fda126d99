#include "applets/agent/sockets.h"

// sys/socket.h has to come before the kernel's header.
#include <sys/socket.h>

#include <linux/vm_sockets.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sys/connect.h"

namespace agent {
namespace {

constexpr int kTries = 10;
constexpr milliseconds kBetween{100};
constexpr seconds kConnectTime{5};

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "The socket path {} is longer than {} bytes", path, sizeof address.sun_path - 1);
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<UniqueFd> try_vsock(const Context& ctx, uint32_t cid, uint32_t port) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  UniqueFd fd(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  TRY(sys::connect_socket(ctx.with_timeout(kConnectTime), fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  return fd;
}

}  // namespace

Result<UniqueFd> listen_vsock(uint32_t port) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_ANY;
  address.svm_port = port;
  UniqueFd fd(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(Code::unsupported, "The kernel has no vsock: {}", strerror(errno));
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed to listen on vsock");
  if (listen(fd.get(), SOMAXCONN) != 0) return fail_errno("Failed to listen on vsock");
  return fd;
}

Result<UniqueFd> listen_unix(const std::string& path, unsigned mode) {
  sockaddr_un address = TRY(unix_address(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  // Whoever left it behind is gone: there is one agent a machine.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed removing " + path);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed binding " + path);
  if (chmod(path.c_str(), mode) != 0 || listen(fd.get(), SOMAXCONN) != 0) return fail_errno("Failed opening " + path);
  return fd;
}

Result<UniqueFd> connect_vsock(const Context& ctx, uint32_t cid, uint32_t port) {
  for (int left = kTries;; left--) {
    auto fd = try_vsock(ctx, cid, port);
    if (fd || left == 1 || fd.error().sys_errno() == ECONNREFUSED) return fd;
    TRY(ctx.sleep(kBetween));
  }
}

Result<UniqueFd> connect_unix(const std::string& path) {
  sockaddr_un address = TRY(unix_address(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket");
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed connecting to " + path);
  return fd;
}

}  // namespace agent
