// A guest that lets a disc go (eject(1)): the drive leaves the machine.
#pragma once
#include "instance/object.h"

namespace instance::qemu {

/// The guest opened the tray of the drive that QEMU calls `id`. The drive is taken out and stays away until attached=true is set, which the config then
/// says (attached=false); drives that are made for the machine and those of profiles come back with the next new QEMU, which a reboot of the guest is
/// enough for. Takes the instance's lock, and waits for the guest; errors are logged.
void eject(const InstancePtr& instance, const std::string& id);

}  // namespace instance::qemu
