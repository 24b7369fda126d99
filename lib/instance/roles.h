// What the drivers and runtimes of some types of instances can do besides what all of them do. Found by dynamic_cast.
#pragma once
#include "device/device.h"
#include "instance/guest_events.h"
#include "instance/object.h"

namespace instance {

/// A runtime in which plugged devices follow changes of theirs; where this is missing, the host does it.
class Alters {
 public:
  /// Limits and sizes of drives, links of NICs: as `run` has them. What is not plugged is left out. Blocks.
  virtual Result<> alter(const Context& ctx, const device::RunConfig& run) = 0;

 protected:
  ~Alters() = default;
};

/// A driver whose instances have guests that are told of changes, and drives that are made for them. Calls come with the instance's lock held.
class HasGuest {
 public:
  /// It runs: may these keys of its config change? Errors: invalid naming the first that can't.
  virtual Result<> check_change(const StringList& keys) = 0;
  /// It runs: its guest hears these messages, in this order. It is not waited for.
  virtual void tell_guest(const InstancePtr& instance, std::vector<GuestMessage> messages) = 0;
  /// See device::DriveMaker. The volume is mounted. Blocks.
  virtual Result<std::string> make_drive(const Context& ctx, const InstancePtr& instance, const std::string& source) = 0;

 protected:
  ~HasGuest() = default;
};

}  // namespace instance
