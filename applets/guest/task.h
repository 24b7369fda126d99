// One command instead of a whole system: what scripts/vmtest has the small guest do.
#pragma once
#include <optional>

namespace guest {

/// Where the initramfs holds /task (words, each ended by a zero byte): enters the host's root as shared by virtiofs, puts the modules there that
/// /modules names, loads those that devices ask for, runs the command on the first virtio console, tells its exit code through the virtio port "org.incusbox.task", and returns it. Nothing without a task. Blocks.
std::optional<int> run_task();

}  // namespace guest
