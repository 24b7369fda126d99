// The outline of a machine's resources: tables of lines, filled from the server's JSON.
#include "applets/cli/instance/info_resources.h"

#include <cmath>
#include <format>
#include <set>
#include <span>

#include "base/strings.h"
#include "base/units.h"

namespace cli {
namespace {

/// A line of text with {member} places; {member|bytes} and {member|cache} are sizes, {member|list} is joined.
struct Line {
  std::string_view text;
  bool optional = true;  ///< left out where its first member is empty, zero or absent
};
constexpr bool kAlways = false;
using Lines = std::span<const Line>;

const Json& member(const Json& object, std::string_view key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  auto found = object.find(std::string(key));
  return found == object.end() ? kNone : *found;
}

std::string text_of(const Json& value, std::string_view format) {
  if (format == "bytes" || format == "cache") return format_byte_size(value.is_number() ? value.get<int64_t>() : 0, format == "bytes" ? 2 : 0);
  if (format == "list") {
    StringList items;
    for (const Json& item : value) items.push_back(item.get<std::string>());
    return join(items, ", ");
  }
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "0" : value.dump();
}

bool is_empty(const Json& value) { return value.is_null() || value == "" || value == 0 || (value.is_array() && value.empty()); }

void add_line(std::string& out, std::string_view prefix, const Line& line, const Json& object) {
  std::string filled(prefix);
  bool first = true;
  for (std::string_view rest = line.text; !rest.empty();) {
    size_t open = rest.find('{');
    filled += rest.substr(0, open);
    if (open == rest.npos) break;
    size_t close = rest.find('}', open);
    std::string_view place = rest.substr(open + 1, close - open - 1);
    size_t bar = place.find('|');
    const Json& value = member(object, place.substr(0, bar));
    if (std::exchange(first, false) && line.optional && is_empty(value)) return;
    filled += text_of(value, bar == place.npos ? "" : place.substr(bar + 1));
    rest.remove_prefix(close + 1);
  }
  out += filled + "\n";
}

void add_lines(std::string& out, const std::string& prefix, Lines lines, const Json& object) {
  for (const Line& line : lines) add_line(out, prefix, line, object);
}

constexpr Line kSystem[] = {{"UUID: {uuid}"}, {"Vendor: {vendor}"}, {"Product: {product}"}, {"Family: {family}"},
                            {"Version: {version}"}, {"SKU: {sku}"}, {"Serial number: {serial}"}, {"Type: {type}"}};
constexpr Line kChassis[] = {{"Vendor: {vendor}"}, {"Type: {type}"}, {"Version: {version}"}, {"Serial: {serial}"}};
constexpr Line kMotherboard[] = {{"Vendor: {vendor}"}, {"Product: {product}"}, {"Serial: {serial}"}, {"Version: {version}"}};
constexpr Line kFirmware[] = {{"Vendor: {vendor}"}, {"Version: {version}"}, {"Date: {date}"}};
constexpr Line kCache[] = {{"- Level {level} (type: {type}): {size|cache}", kAlways}};
constexpr Line kThread[] = {{"- {thread} (id: {id}, online: {online}, NUMA node: {numa_node})", kAlways}};
constexpr Line kSpace[] = {{"Free: {free|bytes}", kAlways}, {"Used: {used|bytes}", kAlways}, {"Total: {total|bytes}", kAlways}};
constexpr Line kPciCard[] = {{"Vendor: {vendor} ({vendor_id})"}, {"Product: {product} ({product_id})"}, {"PCI address: {pci_address}"},
                             {"Driver: {driver} ({driver_version})"}};
constexpr Line kDrm[] = {{"ID: {id}", kAlways}, {"Card: {card_name} ({card_device})"}, {"Control: {control_name} ({control_device})"},
                         {"Render: {render_name} ({render_device})"}};
constexpr Line kNvidia[] = {{"Architecture: {architecture}", kAlways}, {"Brand: {brand}", kAlways}, {"Model: {model}", kAlways},
                            {"CUDA Version: {cuda_version}", kAlways}, {"NVRM Version: {nvrm_version}", kAlways}, {"UUID: {uuid}", kAlways}};
constexpr Line kPort[] = {{"- Port {port} ({protocol})", kAlways}, {"  ID: {id}", kAlways}, {"  Address: {address}"},
                          {"  Supported modes: {supported_modes|list}"}, {"  Supported ports: {supported_ports|list}"}, {"  Port type: {port_type}"},
                          {"  Transceiver type: {transceiver_type}"}, {"  Auto negotiation: {auto_negotiation}", kAlways},
                          {"  Link detected: {link_detected}", kAlways}, {"  Link speed: {link_speed}Mbit/s ({link_duplex} duplex)"}};
constexpr Line kInfiniband[] = {{"IsSM: {issm_name} ({issm_device})"}, {"MAD: {mad_name} ({mad_device})"}, {"Verb: {verb_name} ({verb_device})"}};
constexpr Line kDisk[] = {{"ID: {id}", kAlways}, {"Device: {device}", kAlways}, {"Model: {model}"}, {"Type: {type}"}, {"Size: {size|bytes}", kAlways},
                          {"WWN: {wwn}"}, {"Read-Only: {read_only}", kAlways}, {"Removable: {removable}", kAlways}};
constexpr Line kPartition[] = {{"- Partition {partition}", kAlways}, {"  ID: {id}", kAlways}, {"  Device: {device}", kAlways},
                               {"  Read-Only: {read_only}", kAlways}, {"  Size: {size|bytes}", kAlways}};
constexpr Line kUsb[] = {{"Vendor: {vendor}", kAlways}, {"Vendor ID: {vendor_id}", kAlways}, {"Product: {product}", kAlways}, {"Product ID: {product_id}", kAlways},
                         {"Bus Address: {bus_address}", kAlways}, {"Device Address: {device_address}", kAlways}, {"Serial Number: {serial}"}};
constexpr Line kPci[] = {{"Address: {pci_address}", kAlways}, {"Vendor: {vendor}", kAlways}, {"Vendor ID: {vendor_id}", kAlways}, {"Product: {product}", kAlways},
                         {"Product ID: {product_id}", kAlways}, {"NUMA node: {numa_node}", kAlways}, {"IOMMU group: {iommu_group}", kAlways}, {"Driver: {driver}", kAlways}};
constexpr Line kSerial[] = {{"Id: {id}", kAlways}, {"Device: {device}", kAlways}, {"DeviceID: {device_id}", kAlways}, {"DevicePath: {device_path}", kAlways},
                            {"Vendor: {vendor}", kAlways}, {"Vendor ID: {vendor_id}", kAlways}, {"Product: {product}", kAlways}, {"Product ID: {product_id}", kAlways},
                            {"Driver: {driver}", kAlways}};

/// A titled block of lines, if the member is there.
void add_part(std::string& out, const std::string& prefix, std::string_view title, const Json& part, Lines lines, std::string_view indent = "  ") {
  if (!part.is_object()) return;
  out += prefix + std::string(title) + "\n";
  add_lines(out, prefix + std::string(indent), lines, part);
}

void add_memory_space(std::string& out, const std::string& prefix, const Json& memory, const char* used, const char* total) {
  auto number = [&](const char* key) { return member(memory, key).is_number() ? member(memory, key).get<int64_t>() : 0; };
  add_lines(out, prefix, kSpace, Json{{"free", number(total) - number(used)}, {"used", number(used)}, {"total", number(total)}});
}

void add_hugepages(std::string& out, const std::string& prefix, const Json& memory) {
  if (is_empty(member(memory, "hugepages_total"))) return;
  out += prefix + "Hugepages:\n";
  add_memory_space(out, prefix + "  ", memory, "hugepages_used", "hugepages_total");
}

void add_cores(std::string& out, const std::string& prefix, const Json& cores) {
  std::set<std::string> clusters;
  for (const Json& core : cores) clusters.insert(member(core, "cluster").dump());
  std::string deeper = clusters.size() > 1 ? prefix + "  " : prefix, cluster;
  for (const Json& core : cores) {
    std::string own = member(core, "cluster").dump();
    if (clusters.size() > 1 && std::exchange(cluster, own) != own) out += prefix + "  - Cluster " + text_of(member(core, "cluster"), "") + "\n";
    out += std::format("{}  - Core {}\n{}    Frequency: {}Mhz\n{}    Threads:\n", deeper, text_of(member(core, "core"), ""), deeper,
                       text_of(member(core, "frequency"), ""), deeper);
    for (const Json& thread : member(core, "threads")) add_lines(out, deeper + "      ", kThread, thread);
  }
}

void add_socket(std::string& out, const std::string& prefix, const Json& socket) {
  constexpr Line kHead[] = {{"Vendor: {vendor}"}, {"Name: {name}"}};
  constexpr Line kRange[] = {{"Frequency: {frequency}Mhz (min: {frequency_minimum}Mhz, max: {frequency_turbo}Mhz)"}}, kPlain[] = {{"Frequency: {frequency}Mhz"}};
  add_lines(out, prefix, kHead, socket);
  if (const Json& caches = member(socket, "cache"); caches.is_array()) {
    out += prefix + "Caches:\n";
    for (const Json& cache : caches) add_lines(out, prefix + "  ", kCache, cache);
  }
  out += prefix + "Cores:\n";
  add_cores(out, prefix, member(socket, "cores"));
  bool range = !is_empty(member(socket, "frequency_turbo")) && !is_empty(member(socket, "frequency_minimum"));
  add_lines(out, prefix, range ? Lines(kRange) : Lines(kPlain), socket);
}

/// "NUMA node" stands without the prefix where a dash stands before it.
void add_card_head(std::string& out, const std::string& prefix, const Json& card, bool first) {
  out += (first ? prefix : "") + "NUMA node: " + text_of(member(card, "numa_node"), "") + "\n";
}

using AddCard = void (*)(std::string& out, const std::string& prefix, const Json& card, bool first);

void add_functions(std::string& out, const std::string& prefix, const Json& sriov, AddCard add) {
  if (!sriov.is_object()) return;
  constexpr Line kCounts[] = {{"Current number of VFs: {current_vfs}", kAlways}, {"Maximum number of VFs: {maximum_vfs}", kAlways}};
  out += prefix + "SR-IOV information:\n";
  add_lines(out, prefix + "  ", kCounts, sriov);
  const Json& functions = member(sriov, "vfs");
  if (is_empty(functions)) return;
  out += prefix + "  VFs: " + text_of(member(sriov, "maximum_vfs"), "") + "\n";
  for (const Json& function : functions) {
    out += prefix + "  - ";
    add(out, prefix + "    ", function, false);
  }
}

void add_profiles(std::string& out, const std::string& prefix, const Json& mdev) {
  if (!mdev.is_object()) return;
  out += prefix + "Mdev profiles:\n";
  std::map<std::string, Json> sorted;
  for (const auto& [name, profile] : mdev.items()) sorted[name] = profile;
  for (const auto& [name, profile] : sorted) {
    out += std::format("{}  - {} ({}) ({} available)\n", prefix, name, text_of(member(profile, "name"), ""), text_of(member(profile, "available"), ""));
    std::string about = member(profile, "description").is_string() ? member(profile, "description").get<std::string>() : "";
    if (about.empty()) continue;
    for (const std::string& line : split(about, '\n')) out += prefix + "      " + line + "\n";
  }
}

void add_gpu(std::string& out, const std::string& prefix, const Json& card, bool first) {
  add_card_head(out, prefix, card, first);
  add_lines(out, prefix, kPciCard, card);
  add_part(out, prefix, "DRM:", member(card, "drm"), kDrm);
  add_part(out, prefix, "NVIDIA information:", member(card, "nvidia"), kNvidia);
  add_functions(out, prefix, member(card, "sriov"), add_gpu);
  add_profiles(out, prefix, member(card, "mdev"));
}

void add_nic(std::string& out, const std::string& prefix, const Json& card, bool first) {
  add_card_head(out, prefix, card, first);
  add_lines(out, prefix, kPciCard, card);
  if (const Json& ports = member(card, "ports"); !is_empty(ports)) {
    out += prefix + "Ports:\n";
    for (const Json& port : ports) {
      add_lines(out, prefix + "  ", kPort, port);
      add_part(out, prefix + "    ", "Infiniband:", member(port, "infiniband"), kInfiniband);
    }
  }
  add_functions(out, prefix, member(card, "sriov"), add_nic);
}

void add_disk(std::string& out, const std::string& prefix, const Json& disk, bool first) {
  add_card_head(out, prefix, disk, first);
  add_lines(out, prefix, kDisk, disk);
  const Json& partitions = member(disk, "partitions");
  if (is_empty(partitions)) return;
  out += prefix + "Partitions:\n";
  for (const Json& partition : partitions) add_lines(out, prefix + "  ", kPartition, partition);
}

void add_usb(std::string& out, const std::string& prefix, const Json& device, bool) { add_lines(out, prefix, kUsb, device); }
void add_pci(std::string& out, const std::string& prefix, const Json& device, bool) { add_lines(out, prefix, kPci, device); }
void add_serial(std::string& out, const std::string& prefix, const Json& device, bool) { add_lines(out, prefix, kSerial, device); }

/// Kinds of devices: where they are, and how one and several are titled.
struct Kind {
  const char *part, *list;
  std::string_view one, many, each;
  AddCard add;
};
constexpr Kind kKinds[] = {{"gpu", "cards", "GPU", "GPUs", "Card", add_gpu},
                           {"network", "cards", "NIC", "NICs", "Card", add_nic},
                           {"storage", "disks", "Disk", "Disks", "Disk", add_disk},
                           {"usb", "devices", "USB device", "USB devices", "Device", add_usb},
                           {"pci", "devices", "PCI device", "PCI devices", "Device", add_pci},
                           {"serial", "devices", "Serial device", "Serial devices", "Device", add_serial}};

void add_kind(std::string& out, const Kind& kind, const Json& resources) {
  const Json& list = member(member(resources, kind.part), kind.list);
  if (is_empty(list)) return;
  out += std::format("\n{}:\n", list.size() == 1 ? kind.one : kind.many);
  if (list.size() == 1) return kind.add(out, "  ", list[0], true);
  for (size_t i = 0; i < list.size(); i++) {
    out += std::format("  {} {}:\n", kind.each, i);
    kind.add(out, "    ", list[i], true);
  }
}

void add_cpu(std::string& out, const Json& cpu) {
  constexpr Line kArchitecture[] = {{"Architecture: {architecture}", kAlways}};
  const Json& sockets = member(cpu, "sockets");
  if (is_empty(sockets)) return;
  out += sockets.size() == 1 ? "\nCPU:\n" : "CPUs:\n";
  add_lines(out, "  ", kArchitecture, cpu);
  if (sockets.size() == 1) return add_socket(out, "  ", sockets[0]);
  for (const Json& socket : sockets) {
    out += "  Socket " + text_of(member(socket, "socket"), "") + ":\n";
    add_socket(out, "    ", socket);
  }
}

void add_memory(std::string& out, const Json& memory) {
  out += "\nMemory:\n";
  add_hugepages(out, "  ", memory);
  if (const Json& nodes = member(memory, "nodes"); nodes.is_array() && nodes.size() > 1) {
    out += "  NUMA nodes:\n";
    for (const Json& node : nodes) {
      out += "    Node " + text_of(member(node, "numa_node"), "") + ":\n";
      add_hugepages(out, "      ", node);
      add_memory_space(out, "      ", node, "used", "total");
    }
  }
  add_memory_space(out, "  ", memory, "used", "total");
}

}  // namespace

std::string resources_outline(const Json& resources) {
  std::string out = "System:\n";
  const Json& system = member(resources, "system");
  add_lines(out, "  ", kSystem, system);
  add_part(out, "  ", "Chassis:", member(system, "chassis"), kChassis, "    ");
  add_part(out, "  ", "Motherboard:", member(system, "motherboard"), kMotherboard, "    ");
  add_part(out, "  ", "Firmware:", member(system, "firmware"), kFirmware, "    ");
  out += "\nLoad:\n";
  const Json& load = member(resources, "load");
  auto average = [&](const char* key) { return member(load, key).is_number() ? member(load, key).get<double>() : 0.0; };
  if (!is_empty(member(load, "Processes")))
    out += std::format("  Processes: {}\n  Average: {:.2f} {:.2f} {:.2f}\n", text_of(member(load, "Processes"), ""), average("Average1Min"),
                       average("Average5Min"), average("Average10Min"));
  add_cpu(out, member(resources, "cpu"));
  add_memory(out, member(resources, "memory"));
  for (const Kind& kind : kKinds) add_kind(out, kind, resources);
  return out;
}

}  // namespace cli
