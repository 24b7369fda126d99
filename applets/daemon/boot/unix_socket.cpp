#include "applets/daemon/boot/unix_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/strings.h"

namespace incusd {
namespace {

/// The first descriptor a service manager passes.
constexpr int kFirstPassedFd = 3;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "Socket path {} is longer than {} bytes", quote(path), sizeof address.sun_path - 1);
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd passed_socket() {
  const char* pid = getenv("LISTEN_PID");
  const char* count = getenv("LISTEN_FDS");
  if (!pid || !count || parse_int(pid) != getpid() || parse_int(count).value_or(0) < 1) return {};
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  fcntl(kFirstPassedFd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(kFirstPassedFd);
}

/// Tells one socket file from the next at the same path: numbers of inodes are used again at once.
struct FileId {
  ino_t inode = 0;
  int64_t seconds = 0, nanoseconds = 0;
  bool operator==(const FileId&) const = default;
};

FileId id_of(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

/// The socket file made by this process.
FileId& own_socket() {
  static FileId id;
  return id;
}

enum class Other { none, running, ending };

/// Asks the daemon behind the socket, if there is one, how it is.
Other ask(const sockaddr_un& address) {
  UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Other::none;
  timeval patience{.tv_sec = 2, .tv_usec = 0};
  setsockopt(probe.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  constexpr std::string_view kQuestion = "GET /internal/ready HTTP/1.1\r\nHost: incus\r\n\r\n";
  (void)!send(probe.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL);
  char answer[4096];
  ssize_t got = recv(probe.get(), answer, sizeof answer, 0);
  if (got < 0 && errno == EAGAIN) return Other::running;
  bool ending = got <= 0 || std::string_view(answer, static_cast<size_t>(got)).contains("shutting down");
  return ending ? Other::ending : Other::running;
}

/// One that is on its way out gets ten seconds: who asked it to end may start the next one at once.
Result<> wait_for_other(const sockaddr_un& address) {
  constexpr int kAttempts = 500;
  constexpr useconds_t kPauseMicroseconds = 20'000;
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    Other other = ask(address);
    if (other == Other::none) return {};
    if (other == Other::running) break;
    usleep(kPauseMicroseconds);
  }
  return fail(Code::conflict, "Incus is already running");
}

Result<gid_t> group_id(const std::string& name) {
  if (name.empty()) return gid_t{0};
  group* entry = getgrnam(name.c_str());
  if (!entry) return fail(Code::invalid, "Group {} doesn't exist; create it or start with another --group", quote(name));
  return entry->gr_gid;
}

/// Replaces what is at `path`.
Result<UniqueFd> bind_socket(const std::string& path, gid_t gid, mode_t mode) {
  sockaddr_un address = TRY(address_of(path));
  unlink(path.c_str());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed to create the socket " + path);
  // Bound without any access first: nobody connects before owner and mode are right.
  mode_t mask = umask(0777);
  int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  int error = errno;
  umask(mask);
  if (bound != 0) return fail_errno("Failed to bind " + path, error);
  if (chown(path.c_str(), 0, gid) != 0 || chmod(path.c_str(), mode) != 0) return fail_errno("Failed to set the owner of " + path);
  if (listen(fd.get(), SOMAXCONN) != 0) return fail_errno("Failed to listen on " + path);
  return fd;
}

}  // namespace

Result<UniqueFd> open_api_socket(const std::string& path, const std::string& group) {
  if (UniqueFd passed = passed_socket()) return passed;
  gid_t gid = TRY(group_id(group));
  TRY(wait_for_other(TRY(address_of(path))));
  UniqueFd fd = TRY(bind_socket(path, gid, 0660));
  own_socket() = id_of(path);
  return fd;
}

Result<UniqueFd> open_guest_socket(const std::string& path) { return bind_socket(path, 0, 0666); }

void remove_api_socket(const std::string& path) {
  if (FileId id = id_of(path); id.inode != 0 && id == own_socket()) unlink(path.c_str());
}

}  // namespace incusd
