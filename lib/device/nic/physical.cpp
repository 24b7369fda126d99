// NICs of the kind physical: an interface of the host, lent to the instance while it runs. On a bridge they are ports like bridged ones.
#include <filesystem>

#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

/// An interface that the host uses can't be given away. Errors: internal.
Result<> check_free(const sys::Link& link) {
  if (link.master_index) {
    std::error_code error;
    std::string master = std::filesystem::read_symlink("/sys/class/net/" + link.name + "/master", error).filename();
    return fail(Code::internal, "Interface {} is in use by the host (member of {})", quote(link.name), quote(master));
  }
  for (const sys::LinkAddress& address : link.addresses)
    if (address.scope == "global") return fail(Code::internal, "Interface {} is in use by the host (has assigned IP addresses)", quote(link.name));
  return {};
}

class Physical : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

  Result<> validate() override {
    if (!host_.is_container()) return fail(Code::unsupported, "Physical NICs cannot be given to virtual machines on this server: use a macvlan or bridged one");
    TRY(resolve());
    if (value("parent").empty()) return fail(Code::invalid, "Missing required device option \"parent\"");
    TRY(check_keys(kPhysicalKeys, config_));
    return check_names();
  }

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

  /// As it was before the start. Some drivers change these only while the interface is down.
  Result<> give_back(sys::Netlink& netlink, const std::string& host_name) {
    TRY_CTX(netlink.set_up(host_name, false), "Failed to bring down {}", quote(host_name));
    if (auto mtu = parse_uint(saved("last_state.mtu"))) TRY(netlink.set_mtu(host_name, static_cast<uint32_t>(*mtu)));
    if (!saved("last_state.hwaddr").empty()) TRY(netlink.set_hwaddr(host_name, saved("last_state.hwaddr")));
    return {};
  }

  Result<> resolve() { return inherit("physical", {"parent", "gvrp", "mtu", "vlan", "vlan.tagged"}); }
};

}  // namespace

extern const Kind physical_kind = {
    .name = "physical",
    .keys = kPhysicalKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      if (!std::filesystem::exists("/sys/class/net/" + get_or(config, "parent") + "/bridge") || get_or(config, "parent").empty())
        return std::make_unique<Physical>(services, host, name, config);
      StringMap bridged = config;
      bridged["nictype"] = "bridged";
      return find_kind("bridged")->create(services, host, name, bridged);
    },
};

}  // namespace device::nic
