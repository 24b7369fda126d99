// Sections that do not depend on the board.
#include <algorithm>

#include "instance/qemu/clock.h"
#include "instance/qemu/config_builder.h"

namespace instance::qemu {

std::string mebibytes(uint64_t bytes) { return std::format("{}M", bytes >> 20); }

void PortAllocator::place(StringMap& entries, const std::string& group) {
  Group& place = groups_[group];
  bool first = group.empty() || place.port.empty() || place.function == 7;
  if (first) place = {port(), 0};
  else place.function++;
  entries["bus"] = place.port;
  entries["addr"] = std::format("00.{}", place.function);
  if (first && !group.empty()) entries["multifunction"] = "on";
}

std::string PortAllocator::port() {
  if (ports_ == 0 || port_function_ == 7) {
    port_device_ = device_++;
    port_function_ = 0;
  } else {
    port_function_++;
  }
  std::string name = std::format("qemu_pcie{}", ports_);
  StringMap entries = {{"driver", "pcie-root-port"}, {"bus", "pcie.0"}, {"addr", std::format("{:x}.{}", port_device_, port_function_)},
                       {"chassis", std::to_string(ports_)}};
  if (port_function_ == 0) entries["multifunction"] = "on";
  sections_.push_back({std::format("device \"{}\"", name), "", std::move(entries)});
  ports_++;
  return name;
}

void PortAllocator::place_on_root(StringMap& entries) {
  entries["bus"] = "pcie.0";
  entries["addr"] = std::format("{:x}.0", device_++);
}

void Builder::add_pci(std::string comment, std::string name, StringMap entries, const std::string& group) {
  ports_.place(entries, group);  // first: a new port's section stands before its device
  add(std::move(comment), std::format("device \"{}\"", name), std::move(entries));
}

Result<Sections> Builder::build() {
  TRY(spec_.board == Board::q35 ? q35() : microvm());
  return std::move(out_);
}

void Builder::sandbox() {
  add("Syscall filtering", "sandbox", {{"enable", "on"}, {"obsolete", "deny"}, {"elevateprivileges", "allow"}, {"spawn", "allow"}, {"resourcecontrol", "deny"}});
}

void Builder::clock() {
  std::string base = clock_base(spec_.clock, Timestamp::now().seconds);
  if (!base.empty()) add("Clock", "rtc", {{"base", base}});
}

void Builder::memory_backends() {
  bool bound = !spec_.cpu.nodes.empty();
  std::vector<NumaNode> nodes = spec_.cpu.nodes;
  if (!bound) nodes.push_back({.host_nodes = {}, .memory = spec_.memory.size, .cpus = {}});
  for (size_t i = 0; i < nodes.size(); i++) {
    // Shared: backends of vhost-user devices (file systems, sockets) map it.
    StringMap entries = {{"qom-type", "memory-backend-memfd"}, {"size", mebibytes(nodes[i].memory)}, {"share", "on"}};
    if (!spec_.memory.hugepages.empty()) {
      entries["qom-type"] = "memory-backend-file";
      entries["mem-path"] = spec_.memory.hugepages;
      entries["prealloc"] = entries["discard-data"] = "on";
    }
    if (!nodes[i].host_nodes.empty()) entries["policy"] = "bind";
    for (size_t k = 0; k < nodes[i].host_nodes.size(); k++) entries[std::format("host-nodes.{}", k)] = std::to_string(nodes[i].host_nodes[k]);
    add("", std::format("object \"mem{}\"", i), std::move(entries));
    if (spec_.board == Board::microvm) continue;
    add("", "numa", {{"type", "node"}, {"nodeid", std::to_string(i)}, {"memdev", std::format("mem{}", i)}});
  }
  for (size_t i = 0; bound && i < nodes.size(); i++)
    for (const CpuPlace& place : nodes[i].cpus)
      add("", "numa", {{"type", "cpu"}, {"node-id", std::to_string(i)}, {"socket-id", std::to_string(place.socket)},
                       {"core-id", std::to_string(place.core)}, {"thread-id", std::to_string(place.thread)}});
}

/// Those that are plugged can be taken out again. An emulating QEMU can't do that anyway, and there all are made with the machine: a state is loaded in the
/// order in which things were made, the generation ID interrupts a processor when its turn comes, and one that was plugged, and so is loaded later, forgets
/// that. The controller waits for its answer for ever, and no device is noticed any more.
unsigned Builder::first_processors() const {
  if (spec_.accel == Accel::kvm) return 1;
  return spec_.cpu.present ? spec_.cpu.present : spec_.cpu.count;
}

void Builder::processors() {
  bool fixed = spec_.cpu.sockets > 0, pluggable = !fixed && spec_.board == Board::q35;
  StringMap memory = {{"size", mebibytes(spec_.memory.size)}};
  if (pluggable || fixed) {
    uint64_t most = spec_.board == Board::q35 ? std::max(spec_.memory.max, spec_.memory.size) : spec_.memory.size;
    memory["maxmem"] = mebibytes(most);
    if (memory["maxmem"] != memory["size"]) memory["slots"] = "8";
  }
  add("Memory", "memory", std::move(memory));
  StringMap cpus = {{"cpus", std::to_string(pluggable ? first_processors() : spec_.cpu.count)}};
  if (fixed) {
    cpus["sockets"] = std::to_string(spec_.cpu.sockets);
    cpus["cores"] = std::to_string(spec_.cpu.cores);
    cpus["threads"] = std::to_string(spec_.cpu.threads);
  } else if (pluggable) {
    cpus["maxcpus"] = std::to_string(std::max(spec_.cpu.max, spec_.cpu.count));
  }
  add("CPU", "smp-opts", std::move(cpus));
  memory_backends();
}

void Builder::control() {
  // Relative to the run folder, where QEMU starts: paths of sockets have room for 107 bytes.
  add("Qemu control", "chardev \"monitor\"", {{"backend", "socket"}, {"path", "qemu.monitor"}, {"server", "on"}, {"wait", "off"}});
  add("Console", "chardev \"console\"", {{"backend", "ringbuf"}, {"size", "1048576"}});
}

Result<> Builder::vsock(const std::string& suffix, bool pci) {
  StringMap entries;
  std::string kind = spec_.vsock.kind == VsockSpec::Kind::vhost ? "vhost-vsock" : "vhost-user-vsock";
  if (spec_.vsock.kind == VsockSpec::Kind::none) return {};
  if (!qemu_.has(kind + suffix)) return fail(Code::unsupported, "This QEMU ({}) has no device {}", qemu_.version, kind + suffix);
  entries["driver"] = kind + suffix;
  if (spec_.vsock.kind == VsockSpec::Kind::vhost) {
    entries["guest-cid"] = std::to_string(spec_.vsock.cid);
    entries["vhostfd"] = std::to_string(spec_.vsock.fd);
  } else {
    add("", "chardev \"qemu_vsock-chardev\"", {{"backend", "socket"}, {"fd", std::to_string(spec_.vsock.fd)}});
    entries["chardev"] = "qemu_vsock-chardev";
  }
  if (pci) add_pci("Vsock", "qemu_vsock", std::move(entries), "generic");
  else add("Vsock", "device \"qemu_vsock\"", std::move(entries));
  return {};
}

void Builder::serial_ports(bool spice) {
  auto port = [&](const std::string& id, const std::string& name, const std::string& chardev) {
    StringMap entries = {{"driver", "virtserialport"}, {"name", name}, {"bus", "dev-qemu_serial.0"}};
    if (!chardev.empty()) entries["chardev"] = chardev;
    add("", std::format("device \"{}\"", id), std::move(entries));
  };
  // The agent writes its state into the ring buffer; the daemon reads it over QMP.
  add("Serial identifier", "chardev \"qemu_serial-chardev\"", {{"backend", "ringbuf"}, {"size", "16384B"}});
  port("qemu_serial", "org.linuxcontainers.incus", "qemu_serial-chardev");
  // Guests of old have a udev rule for this name that starts their agent.
  port("qemu_serial_legacy", "org.linuxcontainers.lxd", "");
  if (!spice) return;
  add("Spice agent", "chardev \"qemu_spice-chardev\"", {{"backend", "spicevmc"}, {"name", "vdagent"}});
  port("qemu_spice", "com.redhat.spice.0", "qemu_spice-chardev");
  add("Spice folder", "chardev \"qemu_spicedir-chardev\"", {{"backend", "spiceport"}, {"name", "org.spice-space.webdav.0"}});
  port("qemu_spicedir", "org.spice-space.webdav.0", "qemu_spicedir-chardev");
}

}  // namespace instance::qemu
