// NICs of the kind macvlan: an interface of their own on a host interface, which the host itself can't talk to.
#include "base/reverter.h"
#include "device/nic/keys.h"
#include "device/nic/nic.h"
#include "device/nic/uplink.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class Macvlan : public Nic {
 public:
  using Nic::Nic;

  Result<> validate() override {
    TRY(resolve());
    if (value("parent").empty()) return fail(Code::invalid, "Missing required device option \"parent\"");
    if (host_.is_container() && !value("connected").empty())
      return fail(Code::invalid, "The \"connected\" option is only supported on virtual machines for macvlan NICs");
    TRY(check_keys(kMacvlanKeys, config_));
    return check_names();
  }

  Result<RunConfig> start(const Context&) override {
    if (!attached()) return RunConfig{};
    TRY(resolve());
    if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    if (!network::interface_exists(value("parent"))) return fail(Code::internal, "Parent device '{}' doesn't exist", value("parent"));
    std::lock_guard guard(uplink_lock());
    auto netlink = TRY(sys::Netlink::open());
    Uplink uplink(env(), host_, config_);
    Reverter undo;
    bool ours = TRY(uplink.prepare(netlink)) != Uplink::Origin::existing;
    if (ours) undo.add("remove VLAN interface", [uplink](const Context&) -> Result<> {
      auto fresh = TRY(sys::Netlink::open());
      return uplink.release(fresh);
    });
    std::string host_name = make_host_name("mac");
    sys::LinkSpec link{.name = host_name, .kind = "macvlan", .parent = uplink.interface(), .hwaddr = hwaddr()};
    link.mtu = static_cast<uint32_t>(parse_uint(value("mtu")).value_or(0));
    link.mode = value("mode", "bridge");
    TRY_CTX(netlink.create(link), "Failed to create the macvlan interface {}", quote(host_name));
    undo.add("delete interface", [host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host_name); });
    TRY(save({{"host_name", host_name}, {"last_state.created", ours ? "true" : "false"}}));
    undo.commit();
    return RunConfig{.nics = {{.device = name_, .host_name = host_name, .name = value("name"), .hwaddr = hwaddr()}}};
  }

  Result<RunConfig> plugged() override {
    if (!attached() || saved("host_name").empty()) return RunConfig{};
    return RunConfig{.nics = {{.device = name_, .host_name = saved("host_name"), .name = value("name"), .hwaddr = hwaddr()}}};
  }

  Result<> stop(const Context& ctx) override {
    auto netlink = TRY(sys::Netlink::open());
    Result<> outcome;
    std::string host_name = saved("host_name");
    if (!host_name.empty() && await_return(ctx, host_name)) outcome = netlink.remove(host_name);
    if (is_true(saved("last_state.created")) && resolve()) {
      std::lock_guard guard(uplink_lock());
      if (auto released = Uplink(env(), host_, config_).release(netlink); !released && outcome) outcome = std::move(released);
    }
    TRY(save({{"host_name", ""}, {"last_state.hwaddr", ""}, {"last_state.mtu", ""}, {"last_state.created", ""}}));
    return outcome;
  }

  StringList updatable_keys() const override { return {"connected"}; }

 private:
  /// Settings of the managed network, where there is one.
  Result<> resolve() {
    if (value("network").empty() || resolved_) return {};
    auto network = TRY(load_network({"nictype", "parent", "mtu", "vlan", "gvrp", "mode"}));
    if (network->type() != "macvlan") return fail(Code::invalid, "Specified network must be of type macvlan");
    for (const char* key : {"parent", "mtu", "vlan", "gvrp"})
      if (std::string text = get_or(network->config(), key); !text.empty()) config_[key] = text;
    resolved_ = true;
    return {};
  }

  bool resolved_ = false;
};

}  // namespace

extern const Kind macvlan_kind = {
    .name = "macvlan",
    .keys = kMacvlanKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<Macvlan>(services, host, name, config);
    },
};

}  // namespace device::nic
