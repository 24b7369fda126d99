#include "resources/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "base/unique_fd.h"

namespace resources {
namespace {

struct Mode {
  unsigned bit;
  const char* name;
};

constexpr Mode kModes[] = {
    {0, "10baseT/Half"}, {1, "10baseT/Full"}, {2, "100baseT/Half"}, {3, "100baseT/Full"}, {4, "1000baseT/Half"}, {5, "1000baseT/Full"},
    {12, "10000baseT/Full"}, {15, "2500baseX/Full"}, {17, "1000baseKX/Full"}, {18, "10000baseKX4/Full"}, {19, "10000baseKR/Full"},
    {21, "20000baseMLD2/Full"}, {22, "20000baseKR2/Full"}, {23, "40000baseKR4/Full"}, {24, "40000baseCR4/Full"}, {25, "40000baseSR4/Full"},
    {26, "40000baseLR4/Full"}, {27, "56000baseKR4/Full"}, {28, "56000baseCR4/Full"}, {29, "56000baseSR4/Full"}, {30, "56000baseLR4/Full"},
    {31, "25000baseCR/Full"}, {32, "25000baseKR/Full"}, {33, "25000baseSR/Full"}, {34, "50000baseCR2/Full"}, {35, "50000baseKR2/Full"},
    {36, "100000baseKR4/Full"}, {37, "100000baseSR4/Full"}, {38, "100000baseCR4/Full"}, {39, "100000baseLR4_ER4/Full"},
    {40, "50000baseSR2/Full"}, {41, "1000baseX/Full"}, {42, "10000baseCR/Full"}, {43, "10000baseSR/Full"}, {44, "10000baseLR/Full"},
    {45, "10000baseLRM/Full"}, {46, "10000baseER/Full"}, {47, "2500baseT/Full"}, {48, "5000baseT/Full"},
};
constexpr Mode kPorts[] = {{7, "twisted pair"}, {8, "AUI"}, {9, "media-independent"}, {10, "fibre"}, {11, "BNC"}, {16, "backplane"}};

/// One ioctl; `data` is the request's own structure, whose first word is its number.
bool request(const std::string& interface, void* data) {
  static const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq req{};
  std::strncpy(req.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  req.ifr_data = static_cast<char*>(data);
  return ioctl(fd.get(), SIOCETHTOOL, &req) == 0;
}

const char* port_name(int port) {
  switch (port) {
    case PORT_TP: return "twisted pair";
    case PORT_AUI: return "AUI";
    case PORT_MII: return "media-independent";
    case PORT_FIBRE: return "fibre";
    case PORT_BNC: return "BNC";
    case PORT_DA: return "direct attach";
    case PORT_NONE: return "none";
    case PORT_OTHER: return "other";
    default: return "";
  }
}

/// A kernel structure with the variable part that follows it.
template <class Head, size_t Tail>
struct Extended {
  alignas(Head) unsigned char bytes[sizeof(Head) + Tail] = {};
  // SAFETY: the bytes are aligned for Head, zeroed, and Head is a plain C structure.
  Head* operator->() { return reinterpret_cast<Head*>(bytes); }
};
using LinkSettings = Extended<ethtool_link_settings, 3 * 127 * sizeof(uint32_t)>;
using PermanentAddress = Extended<ethtool_perm_addr, 32>;

/// ETHTOOL_GLINKSETTINGS is asked twice: first for the size of its masks.
bool read_link(const std::string& interface, LinkSettings& link) {
  link->cmd = ETHTOOL_GLINKSETTINGS;
  if (!request(interface, link.bytes) || link->link_mode_masks_nwords >= 0) return false;
  link->link_mode_masks_nwords = static_cast<int8_t>(-link->link_mode_masks_nwords);
  return request(interface, link.bytes) && link->link_mode_masks_nwords > 0;
}

}  // namespace

bool add_port_facts(api::ResourcesNetworkCardPort& port) {
  PermanentAddress permanent;
  permanent->cmd = ETHTOOL_GPERMADDR;
  permanent->size = 32;
  if (request(port.id, permanent.bytes)) {
    port.address.clear();
    for (uint32_t i = 0; i < permanent->size && i < 32; i++) port.address += std::format("{}{:02x}", i ? ":" : "", permanent->data[i]);
  }
  ethtool_value detected{.cmd = ETHTOOL_GLINK, .data = 0};
  if (!request(port.id, &detected)) return false;
  port.link_detected = detected.data == 1;
  LinkSettings link;
  if (!read_link(port.id, link)) return true;
  port.auto_negotiation = link->autoneg == AUTONEG_ENABLE;
  if (port.link_detected) {
    if (link->duplex == DUPLEX_HALF) port.link_duplex = "half";
    if (link->duplex == DUPLEX_FULL) port.link_duplex = "full";
    if (link->speed != static_cast<uint32_t>(SPEED_UNKNOWN)) port.link_speed = link->speed;
  }
  if (link->transceiver == XCVR_INTERNAL) port.transceiver_type = "internal";
  if (link->transceiver == XCVR_EXTERNAL) port.transceiver_type = "external";
  port.port_type = port_name(link->port);
  auto supported = [&](unsigned bit) {
    return bit / 32 < static_cast<unsigned>(link->link_mode_masks_nwords) && (link->link_mode_masks[bit / 32] & 1U << bit % 32);
  };
  for (const Mode& mode : kModes)
    if (supported(mode.bit)) port.supported_modes.push_back(mode.name);
  for (const Mode& kind : kPorts)
    if (supported(kind.bit)) port.supported_ports.push_back(kind.name);
  return true;
}

std::string firmware_version(const std::string& interface) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  return request(interface, &info) ? std::string(info.fw_version, strnlen(info.fw_version, sizeof info.fw_version)) : "";
}

}  // namespace resources
