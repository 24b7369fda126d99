// The dnsmasq process of one network: it outlives the daemon, so it is found again through a pid file that also holds its start time.
#pragma once
#include <string>

#include "base/context.h"
#include "base/strings.h"
#include "sys/background.h"

namespace network::dnsmasq {

/// False where dnsmasq(8) is missing: networks then run without DHCP and DNS. Cached.
bool available();
inline constexpr std::string_view kMissing = "dnsmasq was not found, so DHCP and DNS are off: install the \"dnsmasq-base\" package";

/// One network's process; all state is in `folder` (dnsmasq.pid) and the kernel. Not thread-safe: the caller holds the network's lock.
class Process {
 public:
  Process(std::string folder, std::string log_file) : folder_(std::move(folder)), log_file_(std::move(log_file)) {}

  /// True while the process that the pid file names lives.
  bool running() const;
  /// Leaves a running process with the same arguments and settings alone (it is only told to read its host files again), else (re)starts it.
  /// `settings` is the text of its configuration file. Errors: what it said when it failed to start. Blocks up to 2 s.
  Result<> ensure(const Context& ctx, const StringList& argv, const std::string& settings);
  /// Makes it read its host files again. Nothing if it isn't running.
  Result<> reload();
  /// Ends it and removes the pid file.
  Result<> stop(const Context& ctx);

 private:
  Result<> start(const Context& ctx, const StringList& argv, const std::string& record);
  sys::Background background() const;

  std::string folder_;
  std::string log_file_;
};

}  // namespace network::dnsmasq
