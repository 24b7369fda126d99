// Virtual functions of SR-IOV, which are set up through the physical one: linux/if_link.h, IFLA_VFINFO_LIST.
#include <net/if.h>  // before the kernel's headers, which then leave out what it defines
#include <linux/if_link.h>

#include <cstring>

#include "sys/netlink_impl.h"

namespace sys {
namespace {

constexpr uint32_t kUnknown = UINT32_MAX;  ///< what the kernel says of trust where the driver knows none
constexpr size_t kMacBytes = 6;

template <class T>
T payload(const nlattr* attribute) {
  T out{};
  memcpy(&out, mnl_attr_get_payload(attribute), std::min<size_t>(sizeof out, mnl_attr_get_payload_len(attribute)));
  return out;
}

/// One IFLA_VF_INFO; nothing if it is of another function.
std::optional<VirtualFunction> read_function(const nlattr* info, uint32_t number) {
  VirtualFunction out;
  bool wanted = false;
  nl::for_nested(info, [&](uint16_t type, const nlattr* attribute) {
    if (type == IFLA_VF_MAC) {
      auto mac = payload<ifla_vf_mac>(attribute);
      wanted = mac.vf == number;
      out.hwaddr = nl::format_mac({reinterpret_cast<const char*>(mac.mac), kMacBytes});
    }
    if (type == IFLA_VF_VLAN) out.vlan = static_cast<int>(payload<ifla_vf_vlan>(attribute).vlan);
    if (type == IFLA_VF_SPOOFCHK) out.spoof_check = payload<ifla_vf_spoofchk>(attribute).setting == 1;
    if (type == IFLA_VF_TRUST)
      if (uint32_t trust = payload<ifla_vf_trust>(attribute).setting; trust != kUnknown) out.trusted = trust != 0;
  });
  return wanted ? std::optional(out) : std::nullopt;
}

template <class Setting>
Result<> change_function(nl::Socket& socket, const std::string& parent, uint16_t type, const Setting& setting, std::string_view what) {
  nl::Message message(RTM_SETLINK, 0);
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = TRY(nl::index_of(parent));
  message.nest(IFLA_VFINFO_LIST | NLA_F_NESTED, [&] {
    message.nest(IFLA_VF_INFO | NLA_F_NESTED, [&] { message.bytes(type, {reinterpret_cast<const char*>(&setting), sizeof setting}); });
  });
  return socket.change(message, std::format("Failed setting the {} of a virtual function of {}", what, quote(parent)));
}

Result<> change_guid(nl::Socket& socket, const std::string& parent, int number, uint16_t type, const std::string& guid, std::string_view what) {
  ifla_vf_guid setting{.vf = static_cast<uint32_t>(number), .guid = 0};
  for (const std::string& byte : split(guid, ':')) setting.guid = setting.guid << 8 | parse_uint(byte, 16).value_or(0);
  return change_function(socket, parent, type, setting, what);
}

}  // namespace

Result<VirtualFunction> Netlink::virtual_function(const std::string& parent, int number) {
  nl::Message request(RTM_GETLINK, 0);
  auto& info = request.extra<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = TRY(nl::index_of(parent));
  request.u32(IFLA_EXT_MASK, RTEXT_FILTER_VF);
  std::optional<VirtualFunction> found;
  TRY(impl_->socket.query(request, "Failed reading virtual functions", [&](const nlmsghdr* message) {
    nl::for_attributes(message, sizeof(ifinfomsg), [&](uint16_t type, const nlattr* list) {
      if (type != IFLA_VFINFO_LIST) return;
      nl::for_nested(list, [&](uint16_t kind, const nlattr* one) {
        if (kind != IFLA_VF_INFO || found) return;
        found = read_function(one, static_cast<uint32_t>(number));
      });
    });
  }));
  if (!found) return fail(Code::not_found, "The interface {} has no virtual function {}", quote(parent), number);
  return *found;
}

Result<> Netlink::set_vf_hwaddr(const std::string& parent, int number, const std::string& hwaddr) {
  std::string bytes = TRY(nl::parse_mac(hwaddr));
  ifla_vf_mac setting{.vf = static_cast<uint32_t>(number), .mac = {}};
  memcpy(setting.mac, bytes.data(), bytes.size());
  return change_function(impl_->socket, parent, IFLA_VF_MAC, setting, "MAC address " + hwaddr);
}

Result<> Netlink::set_vf_vlan(const std::string& parent, int number, int vlan) {
  ifla_vf_vlan setting{.vf = static_cast<uint32_t>(number), .vlan = static_cast<uint32_t>(vlan), .qos = 0};
  return change_function(impl_->socket, parent, IFLA_VF_VLAN, setting, std::format("VLAN {}", vlan));
}

Result<> Netlink::set_vf_spoof_check(const std::string& parent, int number, bool on) {
  ifla_vf_spoofchk setting{.vf = static_cast<uint32_t>(number), .setting = on};
  return change_function(impl_->socket, parent, IFLA_VF_SPOOFCHK, setting, "spoof check");
}

Result<> Netlink::set_vf_trusted(const std::string& parent, int number, bool on) {
  ifla_vf_trust setting{.vf = static_cast<uint32_t>(number), .setting = on};
  return change_function(impl_->socket, parent, IFLA_VF_TRUST, setting, "trust");
}

Result<> Netlink::set_vf_node_guid(const std::string& parent, int number, const std::string& guid) {
  return change_guid(impl_->socket, parent, number, IFLA_VF_IB_NODE_GUID, guid, "node GUID");
}

Result<> Netlink::set_vf_port_guid(const std::string& parent, int number, const std::string& guid) {
  return change_guid(impl_->socket, parent, number, IFLA_VF_IB_PORT_GUID, guid, "port GUID");
}

}  // namespace sys
