// The device that is nothing: an instance uses it to mask a device that a profile gives.
#include "device/services.h"

namespace device {
namespace {

constexpr config::Key kKeys[] = {
    {.name = "type", .group = "none", .summary = "Always none"},
};

class None : public Device {
 public:
  explicit None(const StringMap& config) : config_(config) {}
  Result<> validate() override { return check_keys(kKeys, config_); }
  Result<RunConfig> start(const Context&) override { return RunConfig{}; }
  Result<> stop(const Context&) override { return {}; }

 private:
  StringMap config_;
};

}  // namespace

extern const Type none_type = {
    .name = "none",
    .create = [](Services&, Host&, const std::string&, const StringMap& config) -> std::unique_ptr<Device> { return std::make_unique<None>(config); },
    .keys = [](const StringMap&) -> config::Keys { return kKeys; },
};

}  // namespace device
