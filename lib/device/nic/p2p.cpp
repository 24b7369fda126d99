// NICs that end at the host: a veth pair whose host end belongs to nobody; the admin routes or bridges it.
#include "base/reverter.h"
#include "core/paths.h"
#include "device/nic/keys.h"
#include "device/nic/nic.h"
#include "device/nic/veth.h"
#include "sys/netlink.h"

namespace device::nic {
namespace {

class PointToPoint : public Nic {
 public:
  using Nic::Nic;

  Result<> validate() override {
    TRY(check_keys(kP2pKeys, config_));
    return check_names();
  }

  Result<RunConfig> start(const Context& ctx) override {
    if (!attached()) return RunConfig{};
    if (host_.is_container() && value("name").empty()) return fail(Code::invalid, "Requires name property to start");
    auto netlink = TRY(sys::Netlink::open());
    std::string host_name = new_host_end();
    Reverter undo;
    TRY(save({{"host_name", host_name}}));  // first: what a killed daemon made must be known to the next one
    NicEntry entry = TRY(make_ends(netlink, {host_name, "", hwaddr(), value("mtu"), value("queue.tx.length"), ""}));
    undo.add("delete interface", [host_name](const Context&) -> Result<> { return TRY(sys::Netlink::open()).remove(host_name); });
    TRY(add_routes(netlink, host_name, config_));
    TRY(start_limits(ctx, host_name));
    if (value("connected") == "false") TRY(netlink.set_up(host_name, false));
    undo.commit();
    return RunConfig{.nics = {entry}};
  }

  Result<> stop(const Context& ctx) override {
    std::string host_name = host_end();
    if (attached()) TRY(stop_limits(ctx, host_name));
    if (!host_name.empty() && sys::link_exists(host_name))
      TRY_CTX(TRY(sys::Netlink::open()).remove(host_name), "Failed to remove interface {}", quote(host_name));
    return save({{"host_name", ""}});
  }

  StringList updatable_keys() const override {
    return {"connected", "ipv4.routes", "ipv6.routes", "limits.egress", "limits.ingress", "limits.max", "limits.priority"};
  }

  Result<> update(const Context& ctx, const StringMap& old, bool running) override {
    if (!running || !attached()) return {};
    std::string host_name = host_end();
    auto netlink = TRY(sys::Netlink::open());
    remove_routes(netlink, host_name, old);
    TRY(add_routes(netlink, host_name, config_));
    TRY(update_limits(ctx, host_name, old));
    return netlink.set_up(host_name, value("connected") != "false");
  }
};

}  // namespace

extern const Kind p2p_kind = {
    .name = "p2p",
    .keys = kP2pKeys,
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> {
      return std::make_unique<PointToPoint>(services, host, name, config);
    },
};

}  // namespace device::nic
