// NICs of the kind physical: an interface of the host, lent to the instance while it runs. On a bridge they are ports like bridged ones.
#include <algorithm>
#include <filesystem>

#include "device/host_nodes.h"
#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "device/pass_through.h"
#include "network/host.h"
#include "resources/resources.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class Physical : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

  Result<> validate() override {
    TRY(resolve());
    if (value("parent").empty()) return fail(Code::invalid, "Missing required device option \"parent\"");
    TRY(check_keys(kPhysicalKeys, config_));
    return check_names();
  }

 protected:
  Result<> resolve() { return inherit("physical", {"parent", "gvrp", "mtu", "vlan", "vlan.tagged"}); }
};

/// For containers: the interface moves in.
class Lent : public Physical {
 public:
  using Physical::Physical;

  Result<RunConfig> start(const Context&) override {
    if (!attached()) return RunConfig{};
    TRY(resolve());
    TRY(check_ready());
    std::lock_guard guard(uplink_lock());
    auto netlink = TRY(sys::Netlink::open());
    Uplink uplink(env(), host_, config_);
    Reverter undo;
    bool ours = TRY(uplink.prepare(netlink, undo)) != Uplink::Origin::existing;
    StringMap state = {{"host_name", uplink.interface()}, {"last_state.created", ours ? "true" : "false"}};
    if (!ours) {
      sys::Link link = TRY(netlink.link(uplink.interface()));
      TRY(check_free(link));
      state["last_state.mtu"] = std::to_string(link.mtu);
      state["last_state.hwaddr"] = link.hwaddr;
    }
    if (!value("hwaddr").empty()) TRY_CTX(netlink.set_hwaddr(uplink.interface(), value("hwaddr")), "Failed to set the MAC address");
    if (auto mtu = parse_uint(value("mtu")))
      TRY_CTX(netlink.set_mtu(uplink.interface(), static_cast<uint32_t>(*mtu)), "Failed setting MTU {} on {}", *mtu, quote(uplink.interface()));
    TRY(save(state));
    undo.commit();
    return lent();
  }

  Result<RunConfig> plugged() override { return attached() && !saved("host_name").empty() ? lent() : RunConfig{}; }

  Result<> stop(const Context& ctx) override {
    auto netlink = TRY(sys::Netlink::open());
    std::string host_name = saved("host_name");
    Result<> outcome;
    if (is_true(saved("last_state.created")) && resolve()) {
      outcome = release_own(netlink);
    } else if (!host_name.empty() && await_return(ctx, host_name)) {
      outcome = give_back(netlink, host_name);
    }
    TRY(forget());
    return outcome;
  }

 private:
  RunConfig lent() const {
    return RunConfig{.nics = {{.device = name_, .host_name = saved("host_name"), .name = value("name"), .hwaddr = ""}}};
  }

};

/// For virtual machines: the hardware behind the interface, which the host loses meanwhile.
class Passed : public Physical {
 public:
  using Physical::Physical;

  /// What the hardware does is the guest's business.
  Result<> validate() override {
    for (const char* key : {"gvrp", "hwaddr", "mtu", "vlan", "vlan.tagged"})
      if (!value(key).empty()) return fail(Code::invalid, "Invalid device option {}", quote(key));
    return Physical::validate();
  }

  Result<RunConfig> start(const Context& ctx) override {
    if (!attached()) return RunConfig{};
    TRY(check_stateless(host_, "Network physical devices"));
    TRY(resolve());
    TRY(check_ready());
    std::lock_guard guard(uplink_lock());
    std::string interface = network::host_interface(value("parent"), value("vlan"));
    TRY(check_free(TRY(TRY(sys::Netlink::open()).link(interface))));
    PciFunction function = TRY_CTX(function_of("/sys/class/net/" + interface + "/device"), "Failed to get PCI device info for {}", quote(interface));
    if (function.usb) TRY(remember_usb(interface));
    else TRY(PassThrough(host_, name_).take(ctx, function));
    TRY(save({{"host_name", interface}}));
    return plugged();
  }

  Result<RunConfig> plugged() override {
    RunConfig out;
    auto bus = parse_uint(saved("last_state.usb.bus")), address = parse_uint(saved("last_state.usb.device"));
    if (bus && address) out.usbs.push_back(usb_entry(name_, static_cast<unsigned>(*bus), static_cast<unsigned>(*address)));
    else if (auto taken = PassThrough(host_, name_).taken()) out.nics.push_back(passed_entry(*taken));
    return out;
  }

  Result<> stop(const Context& ctx) override {
    auto outcome = PassThrough(host_, name_).give_back(ctx);
    TRY(forget());
    TRY(save({{"last_state.usb.bus", ""}, {"last_state.usb.device", ""}}));
    return outcome;
  }

 private:
  Result<> remember_usb(const std::string& interface) {
    auto has_interface = [&](const api::ResourcesNetworkCard& card) {
      return std::ranges::any_of(card.ports, [&](const api::ResourcesNetworkCardPort& port) { return port.id == interface; });
    };
    api::ResourcesNetwork all = TRY(resources::network());
    auto card = std::ranges::find_if(all.cards, has_interface);
    StringList place = card == all.cards.end() ? StringList() : split(card->usb_address, ':');
    auto bus = place.size() == 2 ? parse_uint(place[0]) : std::nullopt, address = place.size() == 2 ? parse_uint(place[1]) : std::nullopt;
    if (!bus || !address) return fail(Code::internal, "Failed to get USB device info for {}", quote(interface));
    return save({{"last_state.usb.bus", std::format("{:03}", *bus)}, {"last_state.usb.device", std::format("{:03}", *address)}});
  }
};

}  // namespace

extern const Kind physical_kind = {
    .name = "physical",
    .keys = kPhysicalKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      if (!std::filesystem::exists("/sys/class/net/" + get_or(config, "parent") + "/bridge") || get_or(config, "parent").empty())
        return host.is_container() ? std::unique_ptr<Device>(std::make_unique<Lent>(services, host, name, config)) : std::make_unique<Passed>(services, host, name, config);
      StringMap bridged = config;
      bridged["nictype"] = "bridged";
      return find_kind("bridged")->create(services, host, name, bridged);
    },
};

}  // namespace device::nic
