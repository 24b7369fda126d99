// The host interface that a NIC is made on: its parent, or a VLAN of it that is made when first needed and goes with its last user.
#pragma once
#include <mutex>
#include <string>

#include "base/reverter.h"
#include "device/nic/nic.h"

namespace device::nic {

/// parent, vlan and gvrp of `config`.
class Uplink {
 public:
  Uplink(const network::Environment& env, const Host& host, const StringMap& config);
  const std::string& interface() const { return interface_; }
  const std::string& parent() const { return parent_; }
  bool has_vlan() const { return !vlan_.empty(); }

  enum class Origin { existing, created, reused };
  /// Makes the VLAN interface if there is none. `created` and `reused` ones are ours: the caller notes that in last_state.created,
  /// and `undo` releases them. Errors: internal.
  Result<Origin> prepare(sys::Netlink& netlink, Reverter& undo) const;
  /// Removes it unless NICs of other instances, running ones, made use of it. Success if it is gone.
  Result<> release(sys::Netlink& netlink) const;

 private:
  /// Does another instance's NIC say that the interface is ours?
  Result<bool> used_elsewhere() const;

  const network::Environment& env_;
  std::string project_, instance_, parent_, vlan_, interface_;
  bool gvrp_;
};

bool has_global_address(const sys::Link& link);
/// An interface that the host uses can't be given away. Errors: internal.
Result<> check_free(const sys::Link& link);

/// Base of the kinds that sit on a host interface.
class UplinkNic : public Nic {
 protected:
  using Nic::Nic;

  /// Takes the settings `keys` from the managed network, where there is one; it must be of `type`. Errors: invalid, not_found.
  Result<> inherit(std::string_view type, const StringList& keys);
  /// What a start needs: a name inside and the parent. Errors: invalid, internal.
  Result<> check_ready() const;
  /// Releases the uplink if a start noted that it is ours.
  Result<> release_own(sys::Netlink& netlink) const;
  /// Gives the interface the size of packets and the address that it had before the start.
  Result<> give_back(sys::Netlink& netlink, const std::string& host_name) const;
  /// Clears what a start noted.
  Result<> forget();

 private:
  bool inherited_ = false;
};

/// After a container's end its monitor puts interfaces that were moved in back onto the host: waits until `name` is there, for at most a
/// second. False if it doesn't come (the monitor was killed, and the kernel took the interface away). Blocks.
bool await_return(const Context& ctx, const std::string& name);

/// One at a time, as instances start in parallel and share interfaces.
std::mutex& uplink_lock();

}  // namespace device::nic
