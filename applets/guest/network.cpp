#include "applets/guest/network.h"

#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strings.h"
#include "sys/netlink.h"
#include "sys/spawn.h"

namespace guest {
namespace {

/// forkdhcp serves all cards of a namespace but those it is told to leave alone, and writes to one log and one resolv.conf.
void serve(const std::string& name, const std::vector<sys::Link>& links) {
  std::string folder = "/run/dhcp-" + name, wanted;
  mkdir(folder.c_str(), 0755);
  for (const sys::Link& link : links)
    if (link.name != name) wanted += std::format("{}\"{}\": {{\"dhcp4\": false}}", wanted.empty() ? "" : ", ", link.name);
  char host_name[256] = {};
  gethostname(host_name, sizeof host_name - 1);
  (void)write_file_atomic(folder + "/interfaces.json", "{" + wanted + "}", 0644);
  (void)write_file_atomic(folder + "/hostname", host_name, 0644);
  (void)write_file_atomic(folder + "/log", "", 0644);
  (void)symlink("/etc/resolv.conf", (folder + "/link").c_str());
  (void)write_file_atomic(folder + "/resolv.conf", "", 0644);
  sys::SpawnSpec spec = sys::self_spec("forkdhcp", {folder, folder + "/log"});
  spec.extra_environment["LXC_PID"] = std::to_string(getpid());
  if (auto child = sys::spawn(spec); child) (void)child->release();
}

}  // namespace

void Network::start_loopback() {
  if (auto netlink = sys::Netlink::open(); netlink) (void)netlink->set_up("lo", true);
}

void Network::update() {
  auto netlink = sys::Netlink::open();
  auto links = netlink ? netlink->links() : Result<std::vector<sys::Link>>(fail(Code::internal, ""));
  if (!links) return;
  std::set<std::string> here;
  for (const sys::Link& link : *links)
    if (!(link.flags & IFF_LOOPBACK) && link.kind.empty() && !link.hwaddr.empty()) here.insert(link.name);
  for (const std::string& name : here)
    if (!served_.contains(name)) serve(name, *links);
  served_ = std::move(here);
}

}  // namespace guest
