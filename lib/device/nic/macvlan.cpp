// NICs of the kind macvlan: an interface of their own on a host interface, which the host itself can't talk to.
#include "device/nic/keys.h"
#include "device/nic/uplink.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class Macvlan : public UplinkNic {
 public:
  using UplinkNic::UplinkNic;

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
    TRY(check_ready());
    std::lock_guard guard(uplink_lock());
    auto netlink = TRY(sys::Netlink::open());
    Uplink uplink(env(), host_, config_);
    Reverter undo;
    bool ours = TRY(uplink.prepare(netlink, undo)) != Uplink::Origin::existing;
    std::string host_name = make_host_name("mac");
    sys::LinkSpec link{.name = host_name, .kind = host_.is_container() ? "macvlan" : "macvtap", .parent = uplink.interface(), .hwaddr = hwaddr()};
    link.mtu = static_cast<uint32_t>(parse_uint(value("mtu")).value_or(0));
    link.mode = value("mode", "bridge");
    link.up = !host_.is_container();  // nobody moves it and sets it up later
    TRY_CTX(netlink.create(link), "Failed to create the macvlan interface {}", quote(host_name));
    undo.add("delete interface", [host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host_name); });
    TRY(save({{"host_name", host_name}, {"last_state.created", ours ? "true" : "false"}}));
    undo.commit();
    if (!host_.is_container()) return RunConfig{.nics = {machine_entry(host_name, NicEntry::Kind::macvtap)}};
    return RunConfig{.nics = {{.device = name_, .host_name = host_name, .name = value("name"), .hwaddr = hwaddr()}}};
  }

  Result<RunConfig> plugged() override {
    if (!attached() || saved("host_name").empty()) return RunConfig{};
    if (!host_.is_container()) return RunConfig{.nics = {machine_entry(saved("host_name"), NicEntry::Kind::macvtap)}};
    return RunConfig{.nics = {{.device = name_, .host_name = saved("host_name"), .name = value("name"), .hwaddr = hwaddr()}}};
  }

  Result<> stop(const Context& ctx) override {
    auto netlink = TRY(sys::Netlink::open());
    Result<> outcome;
    std::string host_name = saved("host_name");
    if (!host_name.empty() && await_return(ctx, host_name)) outcome = netlink.remove(host_name);
    if (auto released = resolve() ? release_own(netlink) : Result<>(); !released && outcome) outcome = std::move(released);
    TRY(forget());
    return outcome;
  }

  StringList updatable_keys() const override { return {"connected"}; }

 private:
  Result<> resolve() { return inherit("macvlan", {"parent", "mtu", "vlan", "gvrp", "mode"}); }
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
