// `incus wait`: until an instance is in a state or has an address.
#include "applets/cli/instance/common.h"

namespace cli {
namespace {

bool has_address(const Json& state, std::string_view family) {
  const Json network = state.value("network", Json());
  if (!network.is_object()) return false;
  for (const Json& interface : network) {
    for (const Json& address : interface.value("addresses", Json::array())) {
      if (address.value("scope", "") == "global" && (family.empty() || address.value("family", "") == family)) return true;
    }
  }
  return false;
}

/// Errors: invalid (unknown condition).
Result<bool> holds(const Json& state, const std::string& type, const std::string& condition) {
  if (iequals(condition, "agent")) {
    if (type != "virtual-machine") return fail(Code::invalid, "The agent condition is only valid for virtual-machines");
    return state.value("processes", int64_t{0}) > 0;
  }
  if (condition == "ip") return has_address(state, "");
  if (condition == "ipv4") return has_address(state, "inet");
  if (condition == "ipv6") return has_address(state, "inet6");
  if (condition.starts_with("status=")) return iequals(state.value("status", ""), condition.substr(7));
  return fail(Code::invalid, "Unknown condition {}: use ip, ipv4, ipv6, agent or status=…", quote(condition));
}

Result<> run_wait(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string &name = call.args[0].object().text, &condition = call.args[1].text;
  std::string type = TRY(server.get(call.ctx, instance_url(name))).metadata.value("type", "");
  int64_t timeout = call.flags.number("timeout");
  Context ctx = timeout > 0 ? call.ctx.with_timeout(seconds(timeout)) : call.ctx;
  Duration pause = seconds(std::max<int64_t>(1, call.flags.number("interval")));
  for (;;) {
    auto state = server.get(call.ctx, instance_url(name, "/state"));
    if (TRY(holds(state ? state->metadata : Json::object(), type, condition))) return {};
    if (!ctx.sleep(pause)) return fail(Code::timeout, "Timeout for instance {} for condition: {}", call.shown(call.args[0]), condition);
  }
}

constexpr Flag kFlags[] = {{"interval", FlagKind::number, "Seconds between two looks", "5"}, {"timeout", FlagKind::number, "Seconds to wait at most", "-1"}};
constexpr Command kWait[] = {{.path = "wait", .usage = "[<remote>:]<instance> <condition>", .summary = "Wait for a condition of an instance", .run = run_wait,
                              .flags = kFlags, .about = "Conditions: ip, ipv4, ipv6, status=STATUS, agent (virtual machines)."}};

}  // namespace

extern const CommandTable wait_commands = kWait;

}  // namespace cli
