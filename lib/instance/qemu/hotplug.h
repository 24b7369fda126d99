// A running virtual machine over QMP: CPUs and memory that come and go, state, pictures, dumps.
#pragma once
#include <vector>

#include "instance/instance.h"
#include "instance/qemu/qmp/client.h"
#include "instance/qemu/spec.h"

namespace instance::qemu {

/// Host thread of each virtual CPU, for pinning and accounting.
Result<std::vector<pid_t>> cpu_threads(const Context& ctx, qmp::Client& client);
/// Plugs CPUs in or out until there are `count`. Errors: unsupported (fixed topology), invalid (more than max), timeout (guest keeps one).
Result<> set_cpus(const Context& ctx, qmp::Client& client, unsigned count);
/// Plugged memory in bytes, and what the balloon leaves to the guest.
struct MemoryNow {
  uint64_t plugged = 0, balloon = 0;
};
Result<MemoryNow> memory(const Context& ctx, qmp::Client& client);
/// Grows by plugging memory, shrinks by the balloon. Errors: unsupported (above max, no slot left), timeout. Blocks up to 30 s.
Result<> set_memory(const Context& ctx, qmp::Client& client, const MemorySpec& spec, uint64_t size);

/// Plugs memory of these sizes, as set_memory() did when a machine ran whose state is to be loaded.
Result<> plug_memory(const Context& ctx, qmp::Client& client, const MemorySpec& spec, const std::vector<uint64_t>& sizes);

/// What QEMU's words for the state of a machine (RunState) mean here.
Status status_of(std::string_view run_state);
/// What QEMU says its state is: "running", "paused", "prelaunch", "shutdown", "inmigrate", …
Result<std::string> run_state(const Context& ctx, qmp::Client& client);
/// Saves the machine's state to the file `fd`, after unplug_vsock(); it is paused afterwards. Honours ctx (cancels). Blocks as long as it takes.
Result<> save_state(const Context& ctx, qmp::Client& client, int fd);
/// Loads it into a QEMU started with spec.incoming, which is paused afterwards.
Result<> load_state(const Context& ctx, qmp::Client& client, int fd);
/// The screen as PNG, written to `fd`. Errors: unsupported (no screen).
Result<> screenshot(const Context& ctx, qmp::Client& client, int fd);
/// Guest memory for debuggers to `fd`. format: "elf", "kdump-zlib", … Errors: unsupported. Blocks as long as it takes.
Result<> dump_memory(const Context& ctx, qmp::Client& client, int fd, const std::string& format);
/// What was written to the ring buffer `chardev` ("console", "qemu_serial-chardev") since it was last read; at most `limit` bytes.
Result<std::string> read_ring(const Context& ctx, qmp::Client& client, const std::string& chardev, size_t limit);
/// Points a character device at a listening socket of `path` (attached console), or back to a ring buffer of `ring` bytes where path is empty.
Result<> redirect(const Context& ctx, qmp::Client& client, const std::string& chardev, const std::string& path, size_t ring);

}  // namespace instance::qemu
