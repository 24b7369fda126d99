// The host interface that a NIC is made on: its parent, or a VLAN of it that is made when first needed and goes with its last user.
#pragma once
#include <mutex>
#include <string>

#include "device/device.h"
#include "network/network.h"

namespace sys {
class Netlink;
}

namespace device::nic {

/// parent, vlan and gvrp of `config`.
class Uplink {
 public:
  Uplink(const network::Environment& env, const Host& host, const StringMap& config);
  const std::string& interface() const { return interface_; }
  const std::string& parent() const { return parent_; }
  bool has_vlan() const { return !vlan_.empty(); }

  enum class Origin { existing, created, reused };
  /// Makes the VLAN interface if there is none. `created` and `reused` ones are ours: the caller notes that in last_state.created.
  /// Errors: internal.
  Result<Origin> prepare(sys::Netlink& netlink) const;
  /// Removes it unless NICs of other instances, running ones, made use of it. Success if it is gone.
  Result<> release(sys::Netlink& netlink) const;

 private:
  /// Does another instance's NIC say that the interface is ours?
  Result<bool> used_elsewhere() const;

  const network::Environment& env_;
  std::string project_, instance_, parent_, vlan_, interface_;
  bool gvrp_;
};

/// After a container's end its monitor puts interfaces that were moved in back onto the host: waits until `name` is there, for at most a
/// second. False if it doesn't come (the monitor was killed, and the kernel took the interface away). Blocks.
bool await_return(const Context& ctx, const std::string& name);

/// One at a time, as instances start in parallel and share interfaces.
std::mutex& uplink_lock();

}  // namespace device::nic
