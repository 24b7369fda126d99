#include "applets/daemon/syslog_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace incusd {
namespace {

/// Longer lines are cut: nobody reads that much about one packet.
constexpr size_t kMaxLine = 64 << 10;

std::string level_name(std::string_view level) {
  std::string name = to_lower(level);
  if (name == "dbg") return "debug";
  if (name == "warn") return "warning";
  if (name == "err" || name == "emer") return "error";
  return name == "info" ? name : "panic";  // upstream's word for levels it doesn't know
}

}  // namespace

std::optional<api::EventLogging> parse_acl_log(std::string_view line) {
  StringList fields = split(line, '|', 6);
  size_t count = fields.size();
  if (count < 5 || !fields[count - 3].starts_with("acl_log")) return std::nullopt;
  api::EventLogging event;
  event.message = fields[count - 1];
  event.level = level_name(fields[count - 2]);
  event.context["sequence"] = fields[count - 4];
  if (count == 6 && !fields[1].empty()) event.context["application"] = fields[1];
  return event;
}

Result<std::shared_ptr<SyslogSocket>> SyslogSocket::open(async::Runtime& runtime, core::Events& events, std::string path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "Socket path {} is longer than {} bytes", quote(path), sizeof address.sun_path - 1);
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed to create the syslog socket");
  unlink(path.c_str());
  // SAFETY: sockaddr_un is made to be passed as a socket address.
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed to bind " + path);
  std::shared_ptr<SyslogSocket> socket(new SyslogSocket(runtime, events, std::move(path), std::move(fd)));
  socket->watch();
  return socket;
}

SyslogSocket::~SyslogSocket() { unlink(path_.c_str()); }

void SyslogSocket::watch() {
  watch_ = runtime_.when_readable(fd_.get(), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->receive();
  });
}

void SyslogSocket::receive() {
  std::string buffer(kMaxLine, '\0');
  for (;;) {
    ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) break;
    auto event = parse_acl_log(trim(std::string_view(buffer).substr(0, static_cast<size_t>(got))));
    if (event) events_.send("network-acl", "", api::dump(*event));
  }
  watch();
}

}  // namespace incusd
