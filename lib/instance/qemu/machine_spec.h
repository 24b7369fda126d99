// What an instance's keys ask of a virtual machine.
#pragma once
#include "base/result.h"
#include "instance/object.h"
#include "instance/qemu/machine.h"
#include "instance/qemu/probe.h"

namespace instance::qemu {

/// limits.cpu: a number, a set of the host's CPUs to be pinned to, or a topology ("sockets=1,cores=2,threads=2").
struct CpuRequest {
  unsigned count = 1;
  std::vector<int> pins;  ///< by virtual CPU
  unsigned sockets = 0, cores = 0, threads = 0;
  /// CPUs can't come and go while it runs.
  bool fixed() const { return sockets > 0 || !pins.empty(); }
};
/// Errors: invalid.
Result<CpuRequest> parse_cpus(const std::string& limit);
/// qemu.accelerator on this host. Errors: unsupported (KVM is asked for, and there is none).
Result<Accel> choose_accelerator(const std::string& wanted, const Host& host);
/// May these keys of a running machine change? Errors: invalid naming the first that can't.
Result<> changes_while_running(const StringList& keys);
/// limits.memory in bytes; 1 GiB if it isn't set. Errors: invalid.
Result<uint64_t> parse_memory(const std::string& limit);

/// CPUs, memory and flags of a machine by its keys; paths, firmware and devices are the caller's. Errors: invalid.
Result<MachineSpec> spec_of(const View& view);

/// The interfaces of its NICs on the host, by what their devices recorded.
std::vector<NicAccess> nics_of(const View& view);

}  // namespace instance::qemu
