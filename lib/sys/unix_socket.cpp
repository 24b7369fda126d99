#include "sys/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <filesystem>

#include "base/strings.h"

namespace sys {
namespace {

/// The address of a socket; holds the folder open.
struct Address {
  UniqueFd folder;
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Result<Address> address_of(const std::string& path) {
  std::filesystem::path whole(path);
  Address out;
  out.folder.reset(open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!out.folder) return fail_errno("Failed opening the folder of " + path);
  std::string near = std::format("/proc/self/fd/{}/{}", out.folder.get(), whole.filename().string());
  if (near.size() >= sizeof out.name.sun_path) return fail(Code::invalid, "The name of socket {} is too long", quote(path));
  near.copy(out.name.sun_path, near.size());
  return out;
}

}  // namespace

Result<UniqueFd> listen_unix(const std::string& path, int backlog) {
  Address address = TRY(address_of(path));
  unlink(path.c_str());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || bind(socket.get(), address.get(), sizeof address.name) != 0 || listen(socket.get(), backlog) != 0) return fail_errno("Failed listening on " + path);
  return socket;
}

Result<UniqueFd> connect_unix(const std::string& path) {
  auto nobody = [&] { return fail(Code::not_found, "Nobody listens on {}", quote(path)); };
  auto address = address_of(path);
  if (!address) return address.error().sys_errno() == ENOENT ? Result<UniqueFd>(nobody()) : Failure(address.error());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("Failed making a socket");
  if (connect(socket.get(), address->get(), sizeof address->name) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) return nobody();
  return fail_errno("Failed connecting to " + path);
}

}  // namespace sys
