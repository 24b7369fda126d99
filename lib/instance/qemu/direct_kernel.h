// The kernel that an image carries for machines which start it without firmware.
#pragma once
#include "base/result.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// boot/linux, boot/initrd and boot/cmdline of the volume mounted at `volume`; only the kernel must be there. The image's author may have put anything
/// there: what is not a plain file is refused. Errors: invalid (no kernel), internal.
Result<KernelSpec> direct_kernel(const std::string& volume);

/// What an emulated microvm's kernel has to be told, " tsc_early_khz=2100000": there is no clock beside the processor's counter, which is the host's, that
/// it could measure the speed of that by, and Linux hangs without it. Empty where the host has no such counter. Sleeps 20 ms at the first call.
std::string emulated_clock();

}  // namespace instance::qemu
