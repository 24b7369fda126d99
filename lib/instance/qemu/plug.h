// Devices of a virtual machine over QMP: plugged before the first instruction or while it runs, and taken out again.
// Stateless: what is plugged is asked of QEMU, so it works after the daemon restarted.
#pragma once
#include <map>

#include "device/device.h"
#include "instance/qemu/probe.h"
#include "instance/qemu/qmp/client.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// Gives every bootable entry its place (boot_index), highest boot.priority first; of equal ones the root disk, then disks, then NICs.
/// Call on all devices before render() and plug().
void order_boot(std::vector<device::RunConfig>& devices);

/// For machines whose disks are in the config: `cache` becomes what the file at `path` allows, as plug() does it. Errors: those of opening it.
Result<> settle_caches(std::vector<device::RunConfig>& devices);

/// Where a device is to be plugged, if that matters: in a machine whose state is loaded. By device_id().
struct Place {
  std::string port;      ///< root port; empty: any
  int scsi_id = -1;      ///< below the SCSI controller; negative: any
  unsigned vectors = 0;  ///< of a NIC, which follow from its queues; 0: as many as suit the CPUs
};
using Places = std::map<std::string, Place>;

/// Ports for the devices that plug_all() will plug, in its order, as far as they go, and vectors of NICs. `free`: Rendered::free_ports.
Places places_on(const StringList& free, const MachineSpec& spec);
/// Plugs all devices of a q35 machine before its first instruction, NICs first: they get the ports that guests expect them at.
/// (A microvm has them in its config: nothing is done.) Errors: those of plug(), naming the device. Blocks.
Result<> plug_all(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const MachineSpec& spec, const Places& places = {});
/// Plugs what a device's start() asked for: drives, NICs, shares, TPM (only before the first instruction), USB. PCI functions that are no NICs are in the
/// config at a start; plug_functions() is for later.
/// Errors: unsupported (can't be plugged while running, no free slot), internal. What was half plugged is taken out again. Blocks.
Result<> plug(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const device::RunConfig& run, const Places& places = {});
Result<> plug_functions(const Context& ctx, qmp::Client& client, const device::RunConfig& run);
/// What the QEMU `machine` needs of the host before it can open the PCI functions of `run`: their nodes, and memory that stays where it is. Errors: internal.
Result<> allow_functions(pid_t machine, const device::RunConfig& run);
/// Takes it out and waits for the guest to let go (at most 30 s; DEVICE_DELETED is polled for, a guest need not answer). Success if it isn't there.
/// `run` is what plugged() says. Errors: timeout. Blocks.
Result<> unplug(const Context& ctx, qmp::Client& client, const device::RunConfig& run);
/// The socket device of a stateful machine (spec.stateful, vhost_user): QEMU can't save its state, so it isn't in the config. Plugged before the first
/// instruction or after load_state(); taken out before save_state(). `fd`: VsockDevice::fd, stays the caller's. unplug_vsock: success if there is none.
Result<> plug_vsock(const Context& ctx, qmp::Client& client, int fd);
Result<> unplug_vsock(const Context& ctx, qmp::Client& client);
bool has_vsock(const Context& ctx, qmp::Client& client);
/// Drives get the limits they have now, and the size of the file at their path (unless that is empty); links of NICs go up or down. What is not
/// plugged is left out. Blocks.
Result<> alter(const Context& ctx, qmp::Client& client, const device::RunConfig& run);

/// What a device is called in QEMU: "dev-incus_root", and its backend "incus_root".
std::string device_id(const std::string& device);
std::string backend_id(const std::string& device);
/// raw.qemu.qmp.early, .pre-start or .post-start: a JSON list of commands, run one after the other. Nothing where the key is not set.
/// Errors: invalid (no list of objects), those of the command. Blocks.
Result<> run_raw_commands(const Context& ctx, qmp::Client& client, const StringMap& config, const std::string& stage);

}  // namespace instance::qemu
