// Tells when devices of the host come, go or change: the kernel's uevents over netlink. netlink(7), NETLINK_KOBJECT_UEVENT.
#pragma once
#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// Not thread-safe.
class Uevents {
 public:
  static Result<Uevents> open();
  /// Readable while there are events.
  int fd() const { return fd_.get(); }
  /// Takes all events there are; what they say is for the caller to look up. Network interfaces, which come and go with every container, don't count.
  /// True if any was about something else, or if events were lost.
  bool drain();

 private:
  explicit Uevents(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// Is this uevent ("add@/devices/…\0ACTION=add\0SUBSYSTEM=…\0…") about a network interface or a part of one?
bool is_network_event(std::string_view message);

}  // namespace sys
