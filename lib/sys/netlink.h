// Network interfaces, addresses, routes and neighbours as typed calls over rtnetlink(7), in our network namespace or (for reading) in another
// one without entering it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/strings.h"

namespace sys {

struct LinkStats {
  uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
  uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};

struct LinkAddress {
  int family = 0;  ///< AF_INET or AF_INET6
  std::string address;
  int prefix = 0;
  std::string scope;  ///< "global", "link", "host", "site"
  std::string local;  ///< IFA_LOCAL where it differs from the address (point to point), else the address
};

struct Link {
  int index = 0;
  std::string name;
  std::string kind;      ///< "veth", "bridge", "macvlan", …; empty for hardware
  std::string hwaddr;    ///< aa:bb:cc:dd:ee:ff; empty where it has none
  std::string parent;    ///< name of IFLA_LINK in the same namespace
  int parent_index = 0;  ///< IFLA_LINK: the veth peer's index in its own namespace
  int link_netnsid = -1;
  int master_index = 0;
  uint32_t mtu = 0;
  uint32_t tx_queue = 0;
  unsigned flags = 0;     ///< IFF_UP, IFF_LOOPBACK, …
  unsigned type = 0;      ///< ARPHRD_ETHER, …
  std::string operstate;  ///< "up", "down", "unknown", "lowerlayerdown"
  int vlan_id = 0;
  LinkStats stats;
  std::vector<LinkAddress> addresses;
  bool up() const;
};

/// What to create; empty and zero fields are left to the kernel.
struct LinkSpec {
  std::string name;
  std::string kind;       ///< "bridge", "veth", "dummy", "macvlan", "vlan", "vxlan", "gretap", "ifb", "macvtap", "ipvlan"
  std::string parent;     ///< macvlan, vlan, vxlan, ipvlan
  std::string hwaddr;
  std::string master;
  uint32_t mtu = 0;
  uint32_t tx_queue = 0;
  bool up = false;
  bool all_multicast = false;
  std::string peer;         ///< veth: name of the other end
  std::string peer_hwaddr;
  uint32_t peer_mtu = 0;
  std::string mode;         ///< macvlan/macvtap: "bridge", "private", "vepa", "passthru"; ipvlan: "l2", "l3", "l3s"
  int vlan_id = 0;
  bool gvrp = false;
  uint32_t vxlan_id = 0;
  std::string local, remote, group;  ///< vxlan, gretap
  int port = 0;                      ///< vxlan destination port
  int ttl = 0;
};

struct Route {
  int family = 0;
  std::string destination;  ///< "10.0.0.0/8"; "default"
  std::string gateway;
  std::string source;
  std::string device;
  std::string protocol;  ///< "boot", "static", "kernel", "dhcp", "ra", or a number
  std::string scope;     ///< "link", "global", "host", …
  std::string table;     ///< "main", "local" or a number
  std::string type;      ///< "unicast", "local", "blackhole", …
  uint32_t metric = 0;
};

struct Neighbour {
  std::string address;
  std::string hwaddr;
  std::string device;
  std::string state;  ///< "reachable", "stale", "failed", "permanent", …
  bool proxy = false;
};

/// What a physical function does with the traffic of one of its virtual functions (SR-IOV).
struct VirtualFunction {
  std::string hwaddr;
  int vlan = 0;                 ///< 0: none
  bool spoof_check = false;
  std::optional<bool> trusted;  ///< nothing: its driver knows no trust
};

/// One rtnetlink socket. Cheap to open; not thread-safe, so make one a task. Errors: not_found (no such interface), conflict (exists), internal.
class Netlink {
 public:
  static Result<Netlink> open();
  Netlink(Netlink&&) noexcept;
  Netlink& operator=(Netlink&&) noexcept;
  ~Netlink();

  // Reading. `links` fills addresses too.
  Result<std::vector<Link>> links();
  Result<Link> link(const std::string& name);
  Result<std::vector<Route>> routes(int family, const std::string& device = "");
  Result<std::vector<Neighbour>> neighbours(int family, const std::string& device = "", bool proxy = false);
  /// Interfaces (with addresses and counters) of the namespace of process `pid`, without entering it.
  Result<std::vector<Link>> links_of(pid_t pid);

  // Interfaces.
  Result<> create(const LinkSpec& spec);
  Result<> remove(const std::string& name);
  Result<> set_up(const std::string& name, bool up);
  Result<> set_mtu(const std::string& name, uint32_t mtu);
  Result<> set_tx_queue(const std::string& name, uint32_t length);
  Result<> set_hwaddr(const std::string& name, const std::string& hwaddr);
  Result<> set_master(const std::string& name, const std::string& master);  ///< empty: none
  Result<> set_all_multicast(const std::string& name, bool on);
  Result<> rename(const std::string& name, const std::string& new_name);  ///< the interface must be down
  Result<> add_alternative_name(const std::string& name, const std::string& alternative);
  Result<> move_to(const std::string& name, pid_t pid, const std::string& new_name = "");

  // Virtual functions of the physical one whose interface is `parent`, by their number.
  Result<VirtualFunction> virtual_function(const std::string& parent, int number);
  Result<> set_vf_hwaddr(const std::string& parent, int number, const std::string& hwaddr);
  Result<> set_vf_vlan(const std::string& parent, int number, int vlan);
  Result<> set_vf_spoof_check(const std::string& parent, int number, bool on);
  Result<> set_vf_trusted(const std::string& parent, int number, bool on);
  /// InfiniBand: eight bytes as hex with colons; zeros let the kernel choose.
  Result<> set_vf_node_guid(const std::string& parent, int number, const std::string& guid);
  Result<> set_vf_port_guid(const std::string& parent, int number, const std::string& guid);

  // Bridge ports.
  Result<> set_port_isolated(const std::string& name, bool on);
  Result<> set_port_hairpin(const std::string& name, bool on);
  Result<> add_port_vlan(const std::string& name, int vlan, bool pvid, bool untagged, bool self = false);
  Result<> remove_port_vlan(const std::string& name, int vlan, bool self = false);

  // Addresses ("10.0.0.1/24"), routes, proxy neighbours.
  Result<> add_address(const std::string& name, const std::string& address);
  Result<> remove_address(const std::string& name, const std::string& address);
  /// Removes all global addresses of a family.
  Result<> flush_addresses(const std::string& name, int family, const std::string& scope = "global");
  Result<> add_route(const Route& route);
  Result<> replace_route(const Route& route);
  Result<> remove_route(const Route& route);
  /// Removes the routes of `device` that have all of `match`'s non-empty fields.
  Result<> flush_routes(const Route& match);
  Result<> add_proxy_neighbour(const std::string& name, const std::string& address);
  Result<> remove_proxy_neighbour(const std::string& name, const std::string& address);
  Result<> add_neighbour(const std::string& name, const std::string& address, const std::string& hwaddr);

 private:
  struct Impl;
  explicit Netlink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// True if the interface exists in our namespace (if_nametoindex(3)).
bool link_exists(const std::string& name);
/// A random locally administered address with the given prefix ("10:66:6a").
std::string random_hwaddr(const std::string& prefix = "10:66:6a");

}  // namespace sys
