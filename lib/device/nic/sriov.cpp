// NICs of the kind sriov: a virtual function of a network card. A container gets its interface, a virtual machine the function itself. What the card did with
// its traffic before is kept in volatile keys and restored, while it has no driver: drivers ask for these settings when they begin.
#include <algorithm>

#include "device/nic/functions.h"
#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "device/numa_choice.h"
#include "device/pass_through.h"
#include "resources/resources.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

constexpr const char* kNoMac = "00:00:00:00:00:00";
constexpr const char* kSelectors[] = {"pci", "productid", "vendorid"};

class Sriov : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

  Result<> validate() override {
    TRY(resolve());
    bool selects = std::ranges::any_of(kSelectors, [&](const char* key) { return !value(key).empty(); });
    if (value("parent").empty() && !selects) return fail(Code::invalid, "Missing required device option \"parent\"");
    TRY(check_keys(kSriovKeys, config_));
    for (const char* key : kSelectors)
      if (!value("parent").empty() && !value(key).empty()) return fail(Code::invalid, "Cannot use {} when \"parent\" is set", quote(key));
    for (const char* key : {"productid", "vendorid"})
      if (!value("pci").empty() && !value(key).empty()) return fail(Code::invalid, "Cannot use {} when \"pci\" is set", quote(key));
    return check_names();
  }

  Result<RunConfig> start(const Context& ctx) override {
    if (!attached()) return RunConfig{};
    TRY(check_stateless(host_, "Network SR-IOV devices"));
    TRY(resolve());
    if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    if (!value("parent").empty() && !sys::link_exists(value("parent"))) return fail(Code::internal, "Parent device {} doesn't exist", quote(value("parent")));
    if (!host_.is_container()) TRY(load_vfio(ctx));
    std::lock_guard guard(functions_lock());
    auto netlink = TRY(sys::Netlink::open());
    std::string parent = TRY(choose_parent(netlink));
    auto free = TRY(free_functions(netlink, parent, TRY(interfaces_in_use(env()))));
    if (free.empty()) return fail(Code::invalid, "All virtual functions on parent device {} are already in use", quote(parent));
    TRY(remember(netlink, parent, free[0]));
    PciFunction function = TRY(function_of_parent(parent, std::to_string(free[0].number)));
    if (!host_.is_container()) TRY(save({{"last_state.pci.driver", function.driver}}));
    TRY(unbind(function.address));
    TRY(set_up_function(netlink, parent, free[0].number));
    TRY(host_.is_container() ? set_up_interface(ctx, netlink, function, free[0].interface) : give_to_driver(ctx, {.address = function.address}, kVfioDriver));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    if (!attached() || saved("host_name").empty()) return RunConfig{};
    if (host_.is_container()) return RunConfig{.nics = {{.device = name_, .host_name = saved("host_name"), .name = value("name"), .hwaddr = value("hwaddr")}}};
    PciFunction function = TRY(function_of_parent(parent_of_function(), saved("last_state.vf.id")));
    return RunConfig{.nics = {passed_entry({.address = function.address, .group = iommu_group(function.address).value_or("")})}};
  }

  Result<> stop(const Context& ctx) override {
    std::lock_guard guard(functions_lock());
    auto outcome = restore(ctx);
    TRY(forget());
    TRY(save({{"last_state.vf.parent", ""}, {"last_state.vf.id", ""}, {"last_state.vf.hwaddr", ""}, {"last_state.vf.vlan", ""}, {"last_state.vf.spoofcheck", ""},
              {"last_state.vf.trusted", ""}, {"last_state.pci.driver", ""}}));
    return outcome;
  }

 private:
  Result<> resolve() { return inherit("sriov", {"parent", "mtu", "vlan"}); }
  std::string parent_of_function() const { return saved("last_state.vf.parent"); }

  bool selects(const api::ResourcesNetworkCard& card) const {
    if (!value("pci").empty()) return card.pci_address == full_address(value("pci"));
    return !value("vendorid").empty() && card.vendor_id == value("vendorid") && (value("productid").empty() || card.product_id == value("productid"));
  }

  /// The interface that is named, or the least loaded one of the cards that are meant. Errors: invalid.
  Result<std::string> choose_parent(sys::Netlink& netlink) const {
    if (!value("parent").empty()) return value("parent");
    std::string best;
    NumaChoice choice(host_.expanded_config());
    auto used = TRY(interfaces_in_use(env()));
    api::ResourcesNetwork all = TRY(resources::network());
    for (const api::ResourcesNetworkCard& card : all.cards)
      for (const api::ResourcesNetworkCardPort& port : selects(card) && card.sriov ? card.ports : std::vector<api::ResourcesNetworkCardPort>()) {
        auto free = TRY(free_functions(netlink, port.id, used));
        if (!free.empty() && choice.better(card.numa_node, static_cast<double>(free.size()) / static_cast<double>(function_count(port.id)))) best = port.id;
      }
    if (best.empty()) return fail(Code::invalid, "Couldn't find a matching NIC");
    return best;
  }

  /// Before anything changes, so that also the daemon after a killed one knows.
  Result<> remember(sys::Netlink& netlink, const std::string& parent, const FreeFunction& free) {
    sys::VirtualFunction before = TRY(netlink.virtual_function(parent, free.number));
    sys::Link link = TRY(netlink.link(free.interface));
    StringMap state = {{"host_name", free.interface}, {"last_state.created", "false"}, {"last_state.mtu", std::to_string(link.mtu)}, {"last_state.hwaddr", link.hwaddr},
                       {"last_state.vf.parent", parent}, {"last_state.vf.id", std::to_string(free.number)}, {"last_state.vf.hwaddr", before.hwaddr},
                       {"last_state.vf.vlan", std::to_string(before.vlan)}, {"last_state.vf.spoofcheck", before.spoof_check ? "true" : "false"}};
    if (before.trusted) state["last_state.vf.trusted"] = *before.trusted ? "1" : "0";
    return save(state);
  }

  /// What the card does with its traffic.
  Result<> set_up_function(sys::Netlink& netlink, const std::string& parent, int number) {
    if (auto vlan = parse_int(value("vlan"))) TRY_CTX(netlink.set_vf_vlan(parent, number, static_cast<int>(*vlan)), "Failed setting VLAN for VF \"{}\"", number);
    if (!value("security.trusted").empty()) {
      if (saved("last_state.vf.trusted").empty())
        return fail(Code::unsupported, "Failed setting trusted for VF \"{}\": the driver of {} knows no trust", number, quote(parent));
      TRY_CTX(netlink.set_vf_trusted(parent, number, flag("security.trusted")), "Failed setting trusted for VF \"{}\"", number);
    }
    std::string mac = value("hwaddr", saved("last_state.hwaddr"));
    if (flag("security.mac_filtering")) {
      // Cards want the address first.
      TRY_CTX(netlink.set_vf_hwaddr(parent, number, mac), "Failed setting MAC for VF \"{}\"", number);
      TRY_CTX(netlink.set_vf_spoof_check(parent, number, true), "Failed enabling spoof check for VF \"{}\"", number);
      return {};
    }
    // Some cards keep to an address that they were once given; others refuse zeros.
    (void)netlink.set_vf_hwaddr(parent, number, kNoMac);
    auto unchecked = netlink.set_vf_spoof_check(parent, number, false);
    if (!unchecked && !value("security.mac_filtering").empty()) return Failure(std::move(unchecked).error().wrap(std::format("Failed disabling spoof check for VF \"{}\"", number)));
    if (!host_.is_container()) TRY_CTX(netlink.set_vf_hwaddr(parent, number, mac), "Failed setting MAC for VF \"{}\"", number);
    return {};
  }

  /// The interface that a container gets. Some cards take a while until they take an address.
  Result<> set_up_interface(const Context& ctx, sys::Netlink& netlink, const PciFunction& function, const std::string& interface) {
    constexpr int kAttempts = 10;
    TRY(await_interface(ctx, netlink, function, interface));
    Result<> set;
    for (int attempt = 0; attempt < kAttempts && !value("hwaddr").empty(); attempt++) {
      set = netlink.set_hwaddr(interface, value("hwaddr"));
      if (set || !ctx.sleep(milliseconds(500))) break;
    }
    TRY_CTX(std::move(set), "Failed setting MAC address {} on {}", quote(value("hwaddr")), quote(interface));
    if (auto mtu = parse_uint(value("mtu"))) TRY_CTX(netlink.set_mtu(interface, static_cast<uint32_t>(*mtu)), "Failed setting MTU {} on {}", *mtu, quote(interface));
    auto up = netlink.set_up(interface, true);
    if (up) return {};
    // Without an address some cards let no interface be up.
    bool nameless = value("hwaddr").empty() && TRY(netlink.link(interface)).hwaddr == kNoMac;
    if (nameless) TRY(netlink.set_hwaddr(interface, network::random_hwaddr(env(), host_.project())));
    TRY_CTX(nameless ? netlink.set_up(interface, true) : std::move(up), "Failed to bring up VF interface {}", quote(interface));
    return {};
  }

  Result<> restore(const Context& ctx) {
    std::string parent = parent_of_function(), number = saved("last_state.vf.id"), interface = saved("host_name");
    if (interface.empty() || number.empty() || parent.empty()) return {};
    PciFunction function = TRY(function_of_parent(parent, number));
    TRY(unbind(function.address));
    if (!host_.is_container()) TRY(prefer_driver(function.address, ""));
    // However this ends: without a driver nobody could ever use it.
    Reverter undo;
    undo.add("find a driver", [address = function.address](const Context&) { return probe(address); });
    auto netlink = TRY(sys::Netlink::open());
    TRY(restore_function(netlink, parent, static_cast<int>(parse_int(number).value_or(0))));
    TRY(await_interface(ctx, netlink, function, interface));
    undo.commit();
    return give_back(netlink, interface);
  }

  Result<> restore_function(sys::Netlink& netlink, const std::string& parent, int number) {
    if (auto vlan = parse_int(saved("last_state.vf.vlan"))) TRY(netlink.set_vf_vlan(parent, number, static_cast<int>(*vlan)));
    // First, because zeros are no address while it is checked.
    auto checked = netlink.set_vf_spoof_check(parent, number, is_true(saved("last_state.vf.spoofcheck")));
    if (!checked && !value("security.mac_filtering").empty()) return checked;
    TRY(netlink.set_vf_hwaddr(parent, number, saved("last_state.vf.hwaddr")));
    if (saved("last_state.vf.trusted").empty()) return {};
    auto trusted = netlink.set_vf_trusted(parent, number, is_true(saved("last_state.vf.trusted")));
    return trusted || value("security.trusted").empty() ? Result<>() : std::move(trusted);
  }
};

}  // namespace

extern const Kind sriov_kind = {
    .name = "sriov",
    .keys = kSriovKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Sriov>(services, host, name, config);
    },
};

}  // namespace device::nic
