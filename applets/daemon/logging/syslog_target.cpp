// Receivers that speak syslog (RFC 3164 heads with RFC 3339 times) over UDP or TCP.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <format>

#include "applets/daemon/logging/target.h"
#include "base/unique_fd.h"

namespace incusd {
namespace {

struct Address {
  bool stream = false;
  std::string host, port = "514";
};

struct Facility {
  std::string_view name;
  int code;
};
constexpr Facility kFacilities[] = {{"auth", 4}, {"authpriv", 10}, {"cron", 9}, {"daemon", 3}, {"ftp", 11}, {"kern", 0},
                                    {"lpr", 6},  {"mail", 2},      {"news", 7}, {"syslog", 5}, {"user", 1}, {"uucp", 8}};
constexpr int kDaemon = 3;

int facility_code(const std::string& name) {
  auto found = std::ranges::find(kFacilities, to_lower(trim(name)), &Facility::name);
  return found == std::end(kFacilities) ? kDaemon : found->code;
}

/// "[udp|tcp://]HOST[:PORT]"
Result<Address> parse_address(const std::string& text) {
  Address address;
  std::string_view rest = text;
  if (size_t at = rest.find("://"); at != rest.npos) {
    std::string_view protocol = rest.substr(0, at);
    if (protocol != "udp" && protocol != "tcp") return fail(Code::invalid, "Unsupported protocol {} in {}: use udp or tcp", quote(protocol), quote(text));
    address.stream = protocol == "tcp";
    rest.remove_prefix(at + 3);
  }
  bool v6 = rest.starts_with('[');
  size_t colon = v6 ? rest.find("]:") : rest.rfind(':');
  if (v6) rest.remove_prefix(1);
  if (colon != rest.npos) {
    address.port = rest.substr(v6 ? colon + 1 : colon + 1);
    rest = rest.substr(0, v6 ? colon - 1 : colon);
  } else if (v6 && rest.ends_with(']')) {
    rest.remove_suffix(1);
  }
  address.host = rest;
  if (address.host.empty()) return fail(Code::invalid, "No host in {}", quote(text));
  return address;
}

Result<UniqueFd> connect_to(const Address& address) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = address.stream ? SOCK_STREAM : SOCK_DGRAM;
  if (int error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list))
    return fail(Code::unavailable, "Cannot find {}: {}", address.host, gai_strerror(error));
  UniqueFd fd(socket(list->ai_family, hints.ai_socktype | SOCK_CLOEXEC, 0));
  timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int connected = connect(fd.get(), list->ai_addr, list->ai_addrlen);
  int error = errno;
  freeaddrinfo(list);
  if (connected != 0) return fail_errno(std::format("Failed to connect to {} port {}", address.host, address.port), error);
  return fd;
}

class Syslog final : public LogTarget {
 public:
  Syslog(async::Runtime& runtime, const LogTargetSettings& settings, Address address)
      : LogTarget(runtime, settings, milliseconds(0)), address_(std::move(address)), facility_(facility_code(settings.facility)) {}

 protected:
  Result<> send(const Context&, const std::vector<api::Event>& events) override {
    for (const api::Event& event : events) {
      std::string line = line_of(event);
      // A lost connection shows at the first write; one new attempt, as syslog writers do.
      if (!write_line(line)) {
        fd_.reset();
        TRY(write_line(line));
      }
    }
    return {};
  }

 private:
  std::string line_of(const api::Event& event) const {
    constexpr int kSeverities[] = {7, 6, 4, 3};  // of severity_of(): debug, info, warning, error
    bool log = event.type == "logging";
    int severity = kSeverities[log ? severity_of(event.metadata.value("level", "info")) : 1];
    Timestamp now = Timestamp::now();
    now.nanos = 0;
    return std::format("<{}>{} {} incus[{}]: type: {} log: {}\n", facility_ * 8 + severity, now.rfc3339(), host_, getpid(), event.type,
                       api::dump_json(event.metadata));
  }

  Result<> write_line(const std::string& line) {
    if (!fd_) fd_ = TRY(connect_to(address_));
    if (::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) return fail_errno("Failed to send to the syslog server");
    return {};
  }

  const Address address_;
  const int facility_;
  const std::string host_ = host_name();
  UniqueFd fd_;
};

}  // namespace

Result<std::shared_ptr<LogTarget>> make_syslog_target(async::Runtime& runtime, const LogTargetSettings& settings) {
  return std::make_shared<Syslog>(runtime, settings, TRY_CTX(parse_address(settings.address), "{}", settings.name));
}

}  // namespace incusd
