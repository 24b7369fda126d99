// Rate limits through tc(8) and priorities through nftables.
#include "base/units.h"
#include "core/paths.h"
#include "device/nic/nic.h"
#include "device/nic/veth.h"
#include "network/firewall/nft.h"
#include "sys/spawn.h"

namespace device::nic {
namespace {

Result<> tc(const Context& ctx, StringList args) {
  args.insert(args.begin(), "tc");
  auto done = sys::run(ctx, args);
  if (!done && done.error().code() == Code::unsupported)
    return fail(Code::unsupported, "Rate limits need tc(8), which was not found: install the \"iproute2\" package");
  if (!done) return Failure(done.error());
  return {};
}

/// What goes to the instance leaves the host through this end: shaped by a queue.
Result<> limit_towards_instance(const Context& ctx, const std::string& device, int64_t bits) {
  TRY_CTX(tc(ctx, {"qdisc", "add", "dev", device, "root", "handle", "1:0", "htb", "default", "10"}), "Failed to create root tc qdisc");
  TRY_CTX(tc(ctx, {"class", "add", "dev", device, "parent", "1:0", "classid", "1:10", "htb", "rate", std::to_string(bits) + "bit"}),
          "Failed to create limit tc class");
  return tc(ctx, {"filter", "add", "dev", device, "parent", "1:0", "protocol", "all", "u32", "match", "u32", "0", "0", "flowid", "1:1"});
}

/// What comes from the instance can't be queued here, so the surplus is dropped.
Result<> limit_from_instance(const Context& ctx, const std::string& device, int64_t bits) {
  TRY_CTX(tc(ctx, {"qdisc", "add", "dev", device, "handle", "ffff:0", "ingress"}), "Failed to create ingress tc qdisc");
  auto policed = tc(ctx, {"filter", "add", "dev", device, "parent", "ffff:0", "protocol", "all", "u32", "match", "u32", "0", "0", "police", "rate",
                          std::to_string(bits) + "bit", "burst", std::to_string(bits / 40), "mtu", "64kb", "drop"});
  if (!policed)
    return fail(Code::internal, "Failed to create ingress tc filter (limits.egress needs the kernel's act_police module): {}", policed.error().message());
  return {};
}

}  // namespace

Result<> apply_limits(const Context& ctx, const std::string& host_name, const StringMap& config) {
  std::string both = get_or(config, "limits.max");
  std::string in = both.empty() ? get_or(config, "limits.ingress") : both, out = both.empty() ? get_or(config, "limits.egress") : both;
  // Removing what isn't there fails, and a NIC that never had limits needs no tc at all: the kernel's own list tells.
  auto shown = sys::run(ctx, {"tc", "qdisc", "show", "dev", host_name}, {.check = false});
  std::string existing = shown ? shown->out : "";
  if (existing.find("qdisc ingress") != std::string::npos) TRY(tc(ctx, {"qdisc", "del", "dev", host_name, "ingress"}));
  if (existing.find("qdisc htb 1:") != std::string::npos) TRY(tc(ctx, {"qdisc", "del", "dev", host_name, "root"}));
  if (!in.empty()) TRY(limit_towards_instance(ctx, host_name, parse_bit_size(in).value_or(0)));
  if (!out.empty()) TRY(limit_from_instance(ctx, host_name, parse_bit_size(out).value_or(0)));
  return {};
}

Result<> apply_priority(const Context& ctx, const std::string& label, const std::string& host_name, const std::string& priority) {
  uint64_t number = parse_uint(priority).value_or(0);
  network::firewall::Script script;
  std::string chain = std::format("egress.netprio.{}.{}", label, host_name);
  if (number == 0) {
    if (!network::firewall::available()) return {};
    // Deleting by add-and-delete would need the chain's device, which may be gone; listing is cheap enough for so rare a thing.
    if (!contains(TRY(network::firewall::chains(ctx, "netdev")), chain)) return {};
    script.line(std::format("flush chain netdev incus {0}\ndelete chain netdev incus {0}", chain));
    return script.apply(ctx);
  }
  script.chain("netdev", chain, std::format("type filter hook egress device \"{}\" priority 0;", host_name));
  script.rule("netdev", chain, std::format("meta priority set \"{}:{:x}\"", number >> 16, number & 0xffff));
  TRY_CTX(script.apply(ctx), "Failed to setup instance device network priority");
  return {};
}

std::string Nic::label() const { return core::project_prefix(host_.project(), host_.name()); }

Result<> Nic::start_limits(const Context& ctx, const std::string& host_name) const {
  bool limited = !value("limits.ingress").empty() || !value("limits.egress").empty() || !value("limits.max").empty();
  if (limited) TRY(apply_limits(ctx, host_name, config_));
  return value("limits.priority").empty() ? Result<>() : apply_priority(ctx, label(), host_name, value("limits.priority"));
}

Result<> Nic::update_limits(const Context& ctx, const std::string& host_name, const StringMap& old) const {
  bool changed = false;
  for (const char* key : {"limits.ingress", "limits.egress", "limits.max"}) changed |= get_or(old, key) != value(key);
  if (changed) TRY(apply_limits(ctx, host_name, config_));
  if (get_or(old, "limits.priority") == value("limits.priority")) return {};
  TRY(apply_priority(ctx, label(), host_name, "0"));
  return apply_priority(ctx, label(), host_name, value("limits.priority"));
}

Result<> Nic::stop_limits(const Context& ctx, const std::string& host_name) const {
  if (host_name.empty() || value("limits.priority").empty()) return {};
  return apply_priority(ctx, label(), host_name, "0");
}

}  // namespace device::nic
