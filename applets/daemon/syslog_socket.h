// core.syslog_socket: a datagram socket that OVN and Open vSwitch log to; their lines about ACLs become network-acl events.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/types/event.h"
#include "async/runtime.h"
#include "base/unique_fd.h"
#include "core/event.h"

namespace incusd {

/// The event behind a line `<PRI> ovs|[PROGRAM|]SEQUENCE|MODULE|LEVEL|TEXT` of a module acl_log…; nothing for others.
std::optional<api::EventLogging> parse_acl_log(std::string_view line);

/// Listens while it lives; costs no thread. The socket's file goes with it.
class SyslogSocket : public std::enable_shared_from_this<SyslogSocket> {
 public:
  /// Errors: invalid (path too long), internal with errno.
  static Result<std::shared_ptr<SyslogSocket>> open(async::Runtime& runtime, core::Events& events, std::string path);
  ~SyslogSocket();

 private:
  SyslogSocket(async::Runtime& runtime, core::Events& events, std::string path, UniqueFd fd)
      : runtime_(runtime), events_(events), path_(std::move(path)), fd_(std::move(fd)) {}
  void watch();
  void receive();

  async::Runtime& runtime_;
  core::Events& events_;
  std::string path_;
  UniqueFd fd_;
  std::shared_ptr<async::Runtime::Watch> watch_;
};

}  // namespace incusd
