// What these networks share, and the two that need nothing more.
#include "network/parented/parented.h"

#include "network/host.h"
#include "network/sysctl.h"
#include "sys/netlink.h"

namespace network {
namespace parented {

std::string Parented::interface() const { return host_interface(value("parent"), value("vlan")); }

Result<> Parented::start(const Context&) {
  std::string parent = value("parent");
  if (!interface_exists(parent)) return fail(Code::internal, "Parent interface {} not found", quote(parent));
  TRY_CTX(TRY(sys::Netlink::open()).set_up(parent, true), "Failed to bring up the host interface {}", parent);
  return {};
}

Result<> Parented::reconfigure(const Context& ctx, const StringMap& old) { return get_or(old, "parent") == value("parent") ? Result<>() : start(ctx); }

namespace {

constexpr config::Key kMacvlanKeys[] = {rows::gvrp, rows::mtu, rows::parent, rows::user, rows::vlan};
constexpr config::Key kSriovKeys[] = {rows::mtu, rows::parent, rows::user, rows::vlan};

std::shared_ptr<Network> make(const Environment& env, Record record) { return std::make_shared<Parented>(env, std::move(record)); }

}  // namespace
}  // namespace parented

extern const Type macvlan_type = {.name = "macvlan", .code = db::NetworkType::macvlan, .keys = parented::kMacvlanKeys, .check_name = check_plain_name,
                                  .fill = nullptr, .refresh = nullptr, .check = nullptr, .make = parented::make};
extern const Type sriov_type = {.name = "sriov", .code = db::NetworkType::sriov, .keys = parented::kSriovKeys, .check_name = check_plain_name,
                                .fill = nullptr, .refresh = nullptr, .check = nullptr, .make = parented::make};

}  // namespace network
