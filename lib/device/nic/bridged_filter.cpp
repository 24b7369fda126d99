// Spoofing protection and ACLs of bridged NICs.
#include "device/nic/bridged.h"

namespace device::nic {

network::FilteredNic Bridged::filter_subject(const StringMap& config) const {
  return {host_.project(), host_.name(), name_, config, hwaddr(), host_end(), network_};
}

Result<> Bridged::apply_filters(const Context& ctx, const StringMap* old) {
  network::FilteredNic nic = filter_subject(config_);
  if (network::wants_filter(config_)) return network::apply_nic_filter(ctx, env(), nic);
  if (old && network::wants_filter(*old)) network::drop_nic_filter(ctx, nic);
  return {};
}

}  // namespace device::nic
