// What plugging is made of. Used by plug*.cpp only.
#pragma once
#include "base/reverter.h"
#include "instance/qemu/plug.h"

namespace instance::qemu {

constexpr std::string_view kPortPrefix = "qemu_pcie";  ///< of root ports' names
/// All that was given a name, ports included.
Result<StringList> peripherals(const Context& ctx, qmp::Client& client);
/// What it is plugged into: a root port's name, "qemu_scsi.0", …; empty if QEMU doesn't say.
std::string bus_of(const Context& ctx, qmp::Client& client, const std::string& name);
/// The name of a root port nothing is plugged into, or that of `place`. Errors: unavailable.
Result<std::string> free_port(const Context& ctx, qmp::Client& client, const Place& place = {});
/// Sends `fd` for good under a name that other commands use (getfd); undone with `undo`.
Result<> lend_fd(const Context& ctx, qmp::Client& client, Reverter& undo, const std::string& name, int fd);
/// Makes an fdset with `fd` and returns its path, "/dev/fdset/3". `opaque` names it for drop_fdsets().
Result<std::string> add_fdset(const Context& ctx, qmp::Client& client, Reverter& undo, const std::string& opaque, int fd);
void drop_fdsets(const Context& ctx, qmp::Client& client, const std::string& opaque);
/// Adds a command that undoes.
void undo_with(Reverter& undo, qmp::Client& client, std::string command, Json arguments);
/// Asks the guest to let a device go and waits until it has. Success if there is none. Errors: timeout.
Result<> remove_device(const Context& ctx, qmp::Client& client, const std::string& id);
/// Runs the command that removes what a removed device was in front of, until that is no longer in use, which can be a moment after the device was gone.
/// Success if there is none. Errors: timeout.
Result<> remove_backend(const Context& ctx, qmp::Client& client, std::string_view command, const Json& arguments);
bool has_device(const Context& ctx, qmp::Client& client, const std::string& id);

Result<> plug_drive(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive, const Place& place);
Result<> plug_nic(const Context& ctx, qmp::Client& client, const device::NicEntry& nic, const Place& place);
Result<> plug_passed_nic(const Context& ctx, qmp::Client& client, const device::NicEntry& nic, const Place& place);
Result<> plug_share(const Context& ctx, qmp::Client& client, const Capabilities& qemu, const device::ShareEntry& share, const Place& place);
/// How many interrupts a NIC has in a machine with so many CPUs: two for each of its queues, and two more.
unsigned nic_vectors(size_t cpus);
Result<> alter_drive(const Context& ctx, qmp::Client& client, const device::DriveEntry& drive);
Result<> set_link(const Context& ctx, qmp::Client& client, const std::string& device, bool up);
Result<> plug_usb(const Context& ctx, qmp::Client& client, const device::UsbEntry& usb);

}  // namespace instance::qemu
