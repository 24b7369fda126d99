// The NIC kind "bridged".
#pragma once
#include "device/nic/nic.h"
#include "network/nic_filter.h"

namespace device::nic {

class Bridged : public Nic {
 public:
  using Nic::Nic;
  Result<> validate() override;
  Result<RunConfig> start(const Context&) override;
  Result<> add(const Context&) override;
  Result<> stop(const Context&) override;
  Result<> update(const Context&, const StringMap& old, bool running) override;
  StringList updatable_keys() const override;
  Result<> remove(const Context&) override;

 private:
  /// Finds the managed network and the bridge. Errors: not_found.
  Result<> resolve();
  // bridged_validate.cpp
  Result<> check_managed() const;
  Result<> check_managed_address(int family) const;
  Result<> check_unmanaged() const;
  Result<> check_conflicts() const;
  /// What the runtime sets inside: application containers have nothing that could. Errors: invalid (another instance, a gateway alone).
  Result<StringMap> inner_items() const;
  // bridged_filter.cpp
  /// Replaces the filters of `old` (null: none yet) by those the config asks for.
  Result<> apply_filters(const Context& ctx, const StringMap* old);
  network::FilteredNic filter_subject(const StringMap& config) const;

  Result<> attach_port(sys::Netlink& netlink, const std::string& host_name);
  Result<> apply_vlans(sys::Netlink& netlink, const std::string& host_name);
  Result<> reserve(const Context& ctx);
  bool uses_dnsmasq() const;
  std::string folder() const;

  std::shared_ptr<network::Network> network_;  ///< null: unmanaged bridge
  std::string parent_;
  bool resolved_ = false;
};

}  // namespace device::nic
