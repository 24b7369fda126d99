// The firmware of one machine, and its own copy of the firmware's variables (NVRAM).
#pragma once
#include "base/result.h"
#include "instance/qemu/probe.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// <volume>/qemu.nvram: a link to the file with the variables, whose name says which firmware they are for.
std::string nvram_path(const std::string& volume);
/// The file that it leads to, which may not be outside the volume; empty if there is none.
std::string vars_file(const std::string& volume);
FirmwareUse firmware_use(const MachineSpec& spec);
/// Picks the firmware of the machine whose volume is mounted at `volume`, and makes its variables if there are none or `renew`.
/// Errors: unsupported (no firmware for the use: says what to install).
Result<FirmwareSpec> prepare_firmware(const std::string& volume, FirmwareUse use, bool renew);

}  // namespace instance::qemu
