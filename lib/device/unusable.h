// Stands for a device that cannot be made.
#pragma once
#include "device/device.h"

namespace device {

/// A device whose kind is unknown or can't be told (its network is gone): it can be removed and stopped, not used.
class Unusable : public Device {
 public:
  explicit Unusable(Error error) : error_(std::move(error)) {}
  Result<> validate() override { return Failure(error_); }
  Result<RunConfig> start(const Context&) override { return Failure(error_); }
  Result<> stop(const Context&) override { return {}; }

 private:
  Error error_;
};

}  // namespace device
