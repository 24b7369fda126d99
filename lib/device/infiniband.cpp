// infiniband: a port of an InfiniBand card (nictype physical), or a virtual function of one (sriov). Containers get the interface and the nodes for verbs and
// management, virtual machines the PCI function. Linux: Documentation/infiniband/ipoib.rst, user_verbs.rst, user_mad.rst.
#include <algorithm>
#include <filesystem>

#include "device/nic/functions.h"
#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "device/node_files.h"
#include "device/pass_through.h"
#include "device/unusable.h"
#include "resources/resources.h"
#include "sys/netlink.h"

namespace device {
namespace {

using config::Key;
using Port = api::ResourcesNetworkCardPort;

constexpr size_t kShortAddress = 8, kLongAddress = 20;  ///< bytes; the short one is the port's GUID, at the end of the long one
constexpr const char* kNoGuid = "00:00:00:00:00:00:00:00";

/// Hex with colons between.
bool is_hex_list(std::string_view text, size_t bytes) {
  bool good = text.size() == bytes * 3 - 1;
  for (size_t i = 0; good && i < text.size(); i++) good = i % 3 == 2 ? text[i] == ':' : isxdigit(static_cast<unsigned char>(text[i])) != 0;
  return good;
}

Result<> hardware_address(std::string_view value) {
  bool good = is_hex_list(value, kShortAddress) || is_hex_list(value, kLongAddress);
  return good ? Result<>() : fail(Code::invalid, "Invalid value, must be either 8 or 20 bytes of hex separated by colons");
}

Result<> guid(std::string_view value) { return is_hex_list(value, kShortAddress) ? Result<>() : fail(Code::invalid, "Invalid value, must be 8 bytes of hex separated by colons"); }

constexpr Key kHwaddr{.name = "hwaddr", .group = "infiniband", .def = "randomly assigned", .required = "no", .summary = "Address of the interface: all 20 bytes, or the last 8", .check = hardware_address};
constexpr Key kMtu{.name = "mtu", .group = "infiniband", .type = config::Type::integer, .def = "parent MTU", .required = "no", .summary = "Largest packet of the interface", .check = config::is_mtu};
constexpr Key kName{.name = "name", .group = "infiniband", .def = "kernel assigned", .required = "no", .summary = "Name of the interface in the instance", .check = config::is_interface_name};
constexpr Key kKind{.name = "nictype", .group = "infiniband", .required = "yes", .summary = "Kind of the device: `physical` or `sriov`"};
constexpr Key kNodeGuid{.name = "node_guid", .group = "infiniband", .def = "kernel assigned", .required = "no", .summary = "Node GUID of the virtual function", .check = guid};
constexpr Key kParent{.name = "parent", .group = "infiniband", .required = "yes", .summary = "The port's interface on the host"};
constexpr Key kPortGuid{.name = "port_guid", .group = "infiniband", .def = "kernel assigned", .required = "no", .summary = "Port GUID of the virtual function", .check = guid};
constexpr Key kPhysicalKeys[] = {kHwaddr, kMtu, kName, kKind, kParent};
constexpr Key kSriovKeys[] = {kHwaddr, kMtu, kName, kKind, kNodeGuid, kParent, kPortGuid};

/// Base of both kinds.
class Infiniband : public nic::UplinkNic, public FixedAtStart {
 public:
  Infiniband(Services& services, Host& host, const std::string& name, const StringMap& config, config::Keys keys)
      : UplinkNic(services, host, name, config), keys_(keys), files_(host_, name_) {}

  bool fixed() const override { return !host_.is_container(); }
  Result<> validate() override {
    TRY(check_keys(keys_, config_));
    return check_names();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    if (saved("host_name").empty()) return out;
    auto taken = PassThrough(host_, name_).taken();
    if (taken) out.nics.push_back(passed_entry(*taken));
    if (taken || !host_.is_container()) return out;
    out.nics.push_back({.device = name_, .host_name = saved("host_name"), .name = value("name"), .hwaddr = ""});
    for (const std::string& target : files_.targets())
      if (auto node = read_node(files_.path(target)); node && !files_.taken(target)) files_.add_to(out, *node, target);
    return out;
  }

  Result<> stop(const Context& ctx) override {
    for (const std::string& target : files_.targets()) TRY(files_.remove(target));
    auto outcome = restore(ctx);
    TRY(forget());
    TRY(save({{"last_state.pci.parent", ""}, {"last_state.vf.id", ""}}));
    return outcome;
  }

 protected:
  /// Ports of the parent's card: its own, and those of its virtual functions that belong to the same one. Errors: invalid.
  Result<std::vector<Port>> ports() const {
    std::vector<Port> out;
    api::ResourcesNetwork all = TRY(resources::network());
    auto is_infiniband = [](const Port& port) { return port.protocol == "infiniband"; };
    for (const api::ResourcesNetworkCard& card : all.cards) {
      auto own = std::ranges::find_if(card.ports, [&](const Port& port) { return is_infiniband(port) && port.id == value("parent"); });
      if (own != card.ports.end()) out.push_back(*own);
      for (const api::ResourcesNetworkCard& function : card.sriov ? card.sriov->vfs : std::vector<api::ResourcesNetworkCard>())
        for (const Port& port : function.ports)
          if (is_infiniband(port) && (own != card.ports.end() ? port.port == own->port : port.id == value("parent"))) out.push_back(port);
    }
    return out;
  }

  Result<> check_environment() const {
    if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    if (!sys::link_exists(value("parent"))) return fail(Code::internal, "Parent device '{}' doesn't exist", value("parent"));
    return {};
  }

  /// For a container: the interface as the config wants it, and its nodes.
  Result<> lend(const Port& port) {
    auto netlink = TRY(sys::Netlink::open());
    sys::Link link = TRY(netlink.link(port.id));
    TRY(save({{"host_name", port.id}, {"last_state.mtu", std::to_string(link.mtu)}, {"last_state.hwaddr", link.hwaddr}}));
    if (std::string hwaddr = value("hwaddr"); !hwaddr.empty()) {
      size_t kept = is_hex_list(hwaddr, kLongAddress) ? 0 : std::min(link.hwaddr.size(), (kLongAddress - kShortAddress) * 3);
      TRY_CTX(netlink.set_hwaddr(port.id, link.hwaddr.substr(0, kept) + hwaddr), "Failed to set the MAC address");
    }
    if (auto mtu = parse_uint(value("mtu"))) TRY_CTX(netlink.set_mtu(port.id, static_cast<uint32_t>(*mtu)), "Failed setting MTU {} on {}", *mtu, quote(port.id));
    if (!port.infiniband) return fail(Code::invalid, "No infiniband devices supplied");
    for (const std::string& name : {port.infiniband->issm_name, port.infiniband->mad_name, port.infiniband->verb_name}) {
      auto node = name.empty() ? std::nullopt : read_node("/dev/infiniband/" + name);
      if (node) TRY(files_.make(*node, "dev/infiniband/" + name, {}));
    }
    return {};
  }

  virtual Result<> restore(const Context& ctx) {
    TRY(PassThrough(host_, name_).give_back(ctx));
    std::string interface = saved("host_name");
    if (!host_.is_container() || interface.empty() || !nic::await_return(ctx, interface)) return {};
    auto netlink = TRY(sys::Netlink::open());
    return give_back(netlink, interface);
  }

 private:
  config::Keys keys_;
  NodeFiles files_;
};

class Whole : public Infiniband {
 public:
  Whole(Services& services, Host& host, const std::string& name, const StringMap& config) : Infiniband(services, host, name, config, kPhysicalKeys) {}

  Result<RunConfig> start(const Context& ctx) override {
    TRY(check_environment());
    auto all = TRY(ports());
    auto own = std::ranges::find(all, value("parent"), &Port::id);
    if (own == all.end()) return fail(Code::invalid, "Specified infiniband device {} not found", quote(value("parent")));
    if (host_.is_container()) {
      TRY(lend(*own));
    } else {
      TRY(PassThrough(host_, name_).take(ctx, TRY_CTX(function_of("/sys/class/net/" + own->id + "/device"), "Failed to get PCI device info for {}", quote(own->id))));
      TRY(save({{"host_name", own->id}}));
    }
    return plugged();
  }
};

class Virtual : public Infiniband {
 public:
  Virtual(Services& services, Host& host, const std::string& name, const StringMap& config) : Infiniband(services, host, name, config, kSriovKeys) {}

  Result<RunConfig> start(const Context& ctx) override {
    TRY(check_environment());
    std::lock_guard guard(nic::functions_lock());
    TRY(host_.is_container() ? start_container() : start_machine(ctx));
    return plugged();
  }

 private:
  Result<> start_container() {
    auto all = TRY(ports());
    auto used = TRY(nic::interfaces_in_use(env()));
    std::erase_if(all, [&](const Port& port) { return port.id == value("parent") || used.contains(port.id); });
    if (all.empty()) return fail(Code::invalid, "All virtual functions on parent device are already in use");
    if (has_guid()) TRY(set_guids(TRY(number_of(all[0].id)), value("node_guid"), value("port_guid")));
    return lend(all[0]);
  }

  Result<> start_machine(const Context& ctx) {
    PciFunction parent = TRY_CTX(function_of("/sys/class/net/" + value("parent") + "/device"), "Failed to get PCI device info for {}", quote(value("parent")));
    auto free = free_functions(parent.address);
    if (free.empty()) return fail(Code::invalid, "All virtual functions on parent device are already in use");
    TRY(save({{"last_state.pci.parent", parent.address}, {"last_state.vf.id", std::to_string(free[0])}}));
    if (has_guid()) TRY(set_guids(static_cast<int>(free[0]), value("node_guid"), value("port_guid")));
    TRY(PassThrough(host_, name_).take(ctx, TRY(virtual_function(parent.address, free[0]))));
    return save({{"host_name", value("parent")}});
  }

  bool has_guid() const { return !(value("node_guid") + value("port_guid")).empty(); }

  /// Errors: invalid (not a function of the parent).
  Result<int> number_of(const std::string& interface) const {
    for (uint64_t number = 0; number < nic::function_count(value("parent")); number++)
      if (std::filesystem::exists(std::format("/sys/class/net/{}/device/virtfn{}/net/{}", value("parent"), number, interface))) return static_cast<int>(number);
    return fail(Code::invalid, "Couldn't find {} as a virtual function of {}", quote(interface), quote(value("parent")));
  }

  Result<> set_guids(int number, const std::string& node, const std::string& port) {
    TRY(save({{"last_state.vf.id", std::to_string(number)}}));
    auto netlink = TRY(sys::Netlink::open());
    if (!node.empty()) TRY_CTX(netlink.set_vf_node_guid(value("parent"), number, node), "Failed to set node_guid {} on {} (VF {})", quote(node), quote(value("parent")), number);
    if (!port.empty()) TRY_CTX(netlink.set_vf_port_guid(value("parent"), number, port), "Failed to set port_guid {} on {} (VF {})", quote(port), quote(value("parent")), number);
    return {};
  }

  /// The kernel cannot say what the GUIDs were: it chooses again.
  Result<> restore(const Context& ctx) override {
    std::lock_guard guard(nic::functions_lock());
    auto restored = Infiniband::restore(ctx);
    auto number = parse_int(saved("last_state.vf.id"));
    if (number && has_guid()) TRY(set_guids(static_cast<int>(*number), value("node_guid").empty() ? "" : kNoGuid, value("port_guid").empty() ? "" : kNoGuid));
    return restored;
  }
};

std::unique_ptr<Device> create(Services& services, Host& host, const std::string& name, const StringMap& config) {
  std::string kind = get_or(config, "nictype");
  if (kind == "physical") return std::make_unique<Whole>(services, host, name, config);
  if (kind == "sriov") return std::make_unique<Virtual>(services, host, name, config);
  return std::make_unique<Unusable>(Error(Code::invalid, "Unsupported device type"));
}

}  // namespace

extern const Type infiniband_type = {
    .name = "infiniband", .create = create, .keys = [](const StringMap& config) -> config::Keys { return get_or(config, "nictype") == "physical" ? config::Keys(kPhysicalKeys) : kSriovKeys; }};

}  // namespace device
