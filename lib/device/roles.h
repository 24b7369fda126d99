// What some devices, and the hosts of some, can do besides what all of them do. Found by dynamic_cast: most have none of these roles.
#pragma once
#include "device/device.h"

namespace device {

/// A device whose limits, size or link may change while it is plugged.
class Altered {
 public:
  /// What the runtime has to follow after update(), or after the volume behind the device grew.
  virtual Result<RunConfig> altered(const Context& ctx) = 0;

 protected:
  ~Altered() = default;
};

/// A device that may be one of those that neither come nor go while the instance runs.
class FixedAtStart {
 public:
  virtual bool fixed() const = 0;

 protected:
  ~FixedAtStart() = default;
};

/// A host that can write drives for its instance.
class DriveMaker {
 public:
  /// Writes the drive that `source` ("agent:config") stands for, as it is now, and returns its path. Errors: unsupported (not that type of instance).
  virtual Result<std::string> make_drive(const Context& ctx, const std::string& source) = 0;

 protected:
  ~DriveMaker() = default;
};

}  // namespace device
