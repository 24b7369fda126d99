// What all kinds of NICs share. A kind is one file in this folder and one line in kinds.def.
#pragma once
#include <memory>
#include <string>

#include "device/roles.h"
#include "device/services.h"
#include "network/network.h"

namespace sys {
class Netlink;
struct Link;
}

namespace device::nic {

struct VethSpec;

/// Base of the kinds: config with defaults from the managed network filled in, names of volatile keys, common checks.
class Nic : public Device, public Altered {
 public:
  Nic(Services& services, Host& host, std::string name, StringMap config)
      : services_(services), host_(host), name_(std::move(name)), config_(std::move(config)) {}

  /// Containers lose their end with the host's; a virtual machine's NIC is taken out first.
  Result<RunConfig> plugged() override;
  Result<RunConfig> altered(const Context&) override { return plugged(); }

 protected:
  std::string value(const std::string& key, std::string_view fallback = "") const {
    std::string text = get_or(config_, key);
    return text.empty() ? std::string(fallback) : text;
  }
  bool flag(const std::string& key) const { return is_true(value(key)); }
  bool attached() const { return value("attached").empty() || flag("attached"); }
  std::string saved(const std::string& key) const { return host_.volatile_get(name_ + "." + key); }
  Result<> save(const StringMap& changes);
  std::string hwaddr() const { return value("hwaddr").empty() ? saved("hwaddr") : value("hwaddr"); }

  /// Keys that a managed network decides can't be set beside `network`. Errors: invalid, not_found.
  Result<std::shared_ptr<network::Network>> load_network(const StringList& banned);
  /// Two NICs of one instance can't have one name inside.
  Result<> check_names() const;
  /// A generated name for the host's end, kept in host_name: `prefix` and eight random digits, or derived from the MAC address.
  std::string make_host_name(std::string_view prefix) const;
  const network::Environment& env() const { return services_.networks.environment(); }
  /// What the host's end is called from this start on: as the config says, or generated ("veth…", "tap…" for virtual machines).
  std::string new_host_end() const { return value("host_name").empty() ? make_host_name(host_.is_container() ? "veth" : "tap") : value("host_name"); }
  /// Makes a veth pair for a container, a tap for a virtual machine, and says what the runtime does with it.
  Result<NicEntry> make_ends(sys::Netlink& netlink, const VethSpec& spec) const;
  /// The NIC of a virtual machine on the interface `host_name`.
  NicEntry machine_entry(const std::string& host_name, NicEntry::Kind kind) const;
  /// The NIC of a virtual machine that is a PCI function of the host.
  NicEntry passed_entry(const PciEntry& function) const;
  /// The host's end of a veth pair: as the config names it, or as the start did.
  std::string host_end() const { return value("host_name").empty() ? saved("host_name") : value("host_name"); }
  /// Of the instance in the firewall.
  std::string label() const;
  /// limits.* on the host's end: all that the config has, the difference to `old`, and back. Errors: those of apply_limits and apply_priority.
  Result<> start_limits(const Context& ctx, const std::string& host_name) const;
  Result<> update_limits(const Context& ctx, const std::string& host_name, const StringMap& old) const;
  Result<> stop_limits(const Context& ctx, const std::string& host_name) const;

  Services& services_;
  Host& host_;
  std::string name_;
  StringMap config_;
};

/// One kind: "bridged".
struct Kind {
  std::string_view name;
  config::Keys keys;
  std::unique_ptr<Device> (*create)(Services&, Host&, const std::string& name, const StringMap& config);
};
std::span<const Kind* const> kinds();
const Kind* find_kind(std::string_view name);
/// The kind a config means: its nictype, or what the type of its managed network asks for. Errors: invalid, not_found.
Result<std::string> kind_of(network::Networks& networks, const std::string& project, const StringMap& config);

}  // namespace device::nic
