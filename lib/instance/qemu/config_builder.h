// What both boards' configurations are made with: sections, PCI express ports. Used by config*.cpp only.
#pragma once
#include "instance/qemu/config.h"

namespace instance::qemu {

/// Hands out places on PCI express: functions of shared ports for what is never plugged, a root port of its own for everything else.
/// The order decides the names that guests give their NICs (enp5s0), so it is upstream's.
class PortAllocator {
 public:
  explicit PortAllocator(Sections& sections) : sections_(sections) {}
  /// Adds bus and addr to a device's entries. Devices of one group share a port as functions 0 to 7.
  void place(StringMap& entries, const std::string& group = "");
  /// A port for something plugged later; returns its name.
  std::string port();
  /// How many ports there are.
  unsigned count() const { return static_cast<unsigned>(ports_); }
  /// Straight on the root bus: what a BIOS must see.
  void place_on_root(StringMap& entries);

 private:
  struct Group {
    std::string port;
    int function = 0;
  };
  Sections& sections_;
  int ports_ = 0, device_ = 1;
  int port_device_ = 0, port_function_ = 0;
  std::map<std::string, Group> groups_;
};

/// Collects sections.
class Builder {
 public:
  Builder(const MachineSpec& spec, const Capabilities& qemu) : spec_(spec), qemu_(qemu) {}
  Result<Sections> build();

 private:
  void add(std::string comment, std::string name, StringMap entries) { out_.push_back({std::move(name), std::move(comment), std::move(entries)}); }
  /// A device in the next place of `group`.
  void add_pci(std::string comment, std::string name, StringMap entries, const std::string& group);

  // config_common.cpp
  void sandbox();
  void clock();
  unsigned first_processors() const;
  void processors();
  void memory_backends();
  void control();
  Result<> vsock(const std::string& suffix, bool pci);
  void serial_ports(bool spice);
  // config_q35.cpp
  Result<> q35();
  void machine();
  void firmware();
  void fixed_devices();
  Result<> bus_devices();
  void usb();
  void config_drive();
  void shares();
  void tpm();
  void functions();
  void spare_ports();
  // config_microvm.cpp
  Result<> microvm();
  Result<> microvm_drive(const device::DriveEntry& drive);
  Result<> microvm_nic(const device::NicEntry& nic);

  const MachineSpec& spec_;
  const Capabilities& qemu_;
  Sections out_;
  PortAllocator ports_{out_};
};

/// limits in bytes as QEMU's text: whole MiB.
std::string mebibytes(uint64_t bytes);

}  // namespace instance::qemu
