// pci: any PCI function of the host, for virtual machines.
#include <filesystem>

#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "device/pass_through.h"
#include "device/services.h"
#include "sys/netlink.h"

namespace device {
namespace {

constexpr config::Key kKeys[] = {
    {.name = "address", .group = "pci", .required = "yes", .summary = "PCI address of the device", .check = nic::checks::pci_address},
    {.name = "firmware", .group = "pci", .type = config::Type::boolean, .def = "true", .required = "no", .summary = "Show the device's option ROM to the virtual machine"},
};

/// The function may be a NIC, whose interfaces the host must not be using. Errors: internal, naming the interface.
Result<> check_interfaces(const std::string& address) {
  std::error_code error;
  auto netlink = TRY(sys::Netlink::open());
  for (const auto& entry : std::filesystem::directory_iterator(function_folder(address) + "/net", error))
    if (auto link = netlink.link(entry.path().filename())) TRY(nic::check_free(*link));
  return {};
}

class Pci : public Device {
 public:
  Pci(Host& host, const std::string& name, const StringMap& config) : host_(host), passed_(host, name), config_(config), address_(full_address(get_or(config, "address"))) {}

  Result<> validate() override {
    TRY(check_for_machines(host_));
    return check_keys(kKeys, config_);
  }

  Result<RunConfig> start(const Context& ctx) override {
    TRY_CTX(check_environment(), "Failed to validate environment");
    PciFunction function = TRY_CTX(function_at(address_), "Failed to get PCI device info for {}", quote(address_));
    TRY(passed_.take(ctx, function));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    auto entry = passed_.taken();
    if (!entry) return out;
    entry->firmware = get_or(config_, "firmware").empty() || is_true(get_or(config_, "firmware"));
    out.pcis.push_back(std::move(*entry));
    return out;
  }

  Result<> stop(const Context& ctx) override { return passed_.give_back(ctx); }

 private:
  Result<> check_environment() const {
    TRY(check_stateless(host_, "PCI devices"));
    TRY(check_present(address_));
    return check_interfaces(address_);
  }

  Host& host_;
  PassThrough passed_;
  StringMap config_;
  std::string address_;
};

}  // namespace

extern const Type pci_type = {
    .name = "pci",
    .create = [](Services&, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> { return std::make_unique<Pci>(host, name, config); },
    .keys = [](const StringMap&) -> config::Keys { return kKeys; },
};

}  // namespace device
