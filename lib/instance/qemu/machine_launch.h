// A QEMU that has started and waits for its config: loading the program and its libraries takes as long as making the devices does.
#pragma once
#include <memory>
#include <optional>

#include "instance/qemu/machine.h"
#include "instance/qemu/probe.h"
#include "sys/spawn.h"

namespace instance::qemu {

/// Dropped before its config is complete, it ends; it also ends with the daemon.
struct Launch {
  std::shared_ptr<const Host> host;
  VsockDevice vsock;
  StringList argv;
  std::vector<UniqueFd> vars;       ///< the firmware's variables, until QEMU has them
  std::vector<sys::PassedFd> fds;
  std::optional<sys::StartedRun> program;  ///< not there yet where a scriptlet may still change argv
};

/// Starts what begin_launch() left. Errors: internal.
Result<> start_program(Launch& launch, const MachinePaths& paths);
/// Starts QEMU (but with raw.qemu.scriptlet), whose descriptors are noted in `spec`: everything in it is settled but for the devices and the config drive. Takes a few ms.
/// Errors: unsupported (no QEMU), those of arguments(), of start_vsock() and of opening the firmware's variables.
Result<std::shared_ptr<Launch>> begin_launch(const Context& ctx, const MachinePaths& paths, MachineSpec& spec, const VsockPlace& place);

}  // namespace instance::qemu
