#include <net/if.h>

#include <filesystem>

#include "api/json.h"
#include "applets/agent/files.h"
#include "base/log.h"
#include "base/reverter.h"
#include "sys/netlink.h"

namespace agent {
namespace {

struct Wanted {
  std::string name;
  uint32_t mtu = 0;
};

/// By MAC address.
std::map<std::string, Wanted> read_wishes(const std::string& folder) {
  std::map<std::string, Wanted> wishes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    auto json = api::parse_json(read_file(entry.path()).value_or(""));
    if (!json || !json->is_object()) {
      log_error("Could not parse network interface configuration file", {{"path", entry.path().string()}});
      continue;
    }
    auto text = [&](const char* name) { return json->contains(name) && (*json)[name].is_string() ? (*json)[name].get<std::string>() : ""; };
    Wanted wish{.name = text("nic_name")};
    if (json->contains("mtu") && (*json)["mtu"].is_number_unsigned()) wish.mtu = (*json)["mtu"].get<uint32_t>();
    if (std::string mac = text("mac_address"); !mac.empty()) wishes[to_lower(mac)] = wish;
  }
  return wishes;
}

/// Leaves the interface as it was where a step fails.
Result<> configure(sys::Netlink& netlink, const sys::Link& link, const Wanted& wish) {
  bool rename = !wish.name.empty() && wish.name != link.name, resize = wish.mtu > 0 && wish.mtu != link.mtu;
  if (!rename && !resize) return {};
  Reverter undo;
  std::string name = link.name;
  TRY(netlink.set_up(name, false));
  undo.add("set the interface up", [&](const Context&) { return netlink.set_up(name, link.flags & IFF_UP); });
  if (rename) {
    TRY(netlink.rename(name, wish.name));
    name = wish.name;
    undo.add("rename the interface back", [&](const Context&) -> Result<> {
      TRY(netlink.rename(name, link.name));
      name = link.name;
      return {};
    });
  }
  if (resize) {
    TRY(netlink.set_mtu(name, wish.mtu));
    undo.add("restore the MTU", [&](const Context&) { return netlink.set_mtu(name, link.mtu); });
  }
  TRY(netlink.set_up(name, true));
  undo.commit();
  return {};
}

}  // namespace

void configure_interfaces(const std::string& folder) {
  auto wishes = read_wishes(folder);
  if (wishes.empty()) return;
  auto netlink = sys::Netlink::open();
  auto links = netlink ? netlink->links() : Result<std::vector<sys::Link>>(std::unexpected(netlink.error()));
  if (!links) return log_error("Unable to read network interfaces", {{"err", links.error().message()}});
  for (const sys::Link& link : *links) {
    auto wish = wishes.find(link.hwaddr);
    if (wish == wishes.end()) continue;
    auto done = configure(*netlink, link, wish->second);
    if (!done) log_error("Unable to reconfigure network interface", {{"interface", link.name}, {"err", done.error().message()}});
  }
}

}  // namespace agent
