// Instance keys: boot, cloud-init, limits, migration, snapshots and the rest.
#include "instance/key_checks.h"
#include "instance/key_tables.h"

namespace instance {
namespace {

using config::Key;
using config::Type;
using namespace check;

constexpr Key kGeneral[] = {
    {.name = "agent.nic_config", .group = "miscellaneous", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Let the agent give network interfaces their configured name and MTU", .check = boolean},
    {.name = "boot.autorestart", .group = "boot", .type = Type::boolean, .live = "no", .summary = "Start the instance again when it ended without being asked to", .check = boolean},
    {.name = "boot.autostart", .group = "boot", .type = Type::boolean, .live = "no", .summary = "Start the instance together with the daemon; unset or last-state restores what it was doing", .check = autostart},
    {.name = "boot.autostart.delay", .group = "boot", .type = Type::integer, .def = "0", .live = "no", .summary = "Seconds to let pass after this instance before the next one is started", .check = integer},
    {.name = "boot.autostart.priority", .group = "boot", .type = Type::integer, .live = "no", .summary = "Rank among the instances started with the daemon, highest first", .check = integer},
    {.name = "boot.host_shutdown_action", .group = "boot", .def = "stop", .live = "yes", .summary = "How the instance is ended when the host goes down", .check = shutdown_action},
    {.name = "boot.host_shutdown_timeout", .group = "boot", .type = Type::integer, .def = "30", .live = "yes", .summary = "Seconds the instance gets to end by itself before it is killed", .check = integer},
    {.name = "boot.stop.priority", .group = "boot", .type = Type::integer, .def = "0", .live = "no", .summary = "Rank among the instances stopped with the host, highest first", .check = integer},
    {.name = "cloud-init.network-config", .group = "cloud-init", .def = "DHCP on eth0", .live = "no", .condition = "If supported by image", .summary = "Network settings handed to cloud-init", .check = yaml},
    {.name = "cloud-init.user-data", .group = "cloud-init", .def = "#cloud-config", .live = "no", .condition = "If supported by image", .summary = "User data handed to cloud-init", .check = cloud_config},
    {.name = "cloud-init.vendor-data", .group = "cloud-init", .def = "#cloud-config", .live = "no", .condition = "If supported by image", .summary = "Vendor data handed to cloud-init", .check = cloud_config},
    {.name = "cluster.evacuate", .group = "miscellaneous", .def = "auto", .live = "no", .summary = "What happens to the instance when its cluster member is evacuated", .check = evacuate},
    {.name = "environment.*", .group = "miscellaneous", .live = "yes", .summary = "An environment variable of the instance", .check = environment},
    {.name = "limits.cpu", .group = "resource-limits", .def = "1 (VMs)", .live = "yes", .summary = "How many CPUs, or which ones, the instance may use", .check = cpu},
    {.name = "limits.cpu.allowance", .group = "resource-limits", .def = "100%", .live = "yes", .condition = "container", .summary = "Share of CPU time: a percentage (soft) or TIME/PERIOD in ms (hard)", .check = cpu_allowance},
    {.name = "limits.cpu.nodes", .group = "resource-limits", .live = "yes", .summary = "NUMA nodes whose CPUs the instance may use, or balanced", .check = cpu_nodes},
    {.name = "limits.cpu.priority", .group = "resource-limits", .type = Type::integer, .def = "10 (maximum)", .live = "yes", .condition = "container", .summary = "Weight against instances with the same CPU share, 0 to 10", .check = priority},
    {.name = "limits.disk.priority", .group = "resource-limits", .type = Type::integer, .def = "5 (medium)", .live = "yes", .summary = "Weight of disk requests under load, 0 to 10", .check = priority},
    {.name = "limits.hugepages.1GB", .group = "resource-limits", .live = "yes", .condition = "container", .summary = "Most memory in 1 GB huge pages", .check = size},
    {.name = "limits.hugepages.1MB", .group = "resource-limits", .live = "yes", .condition = "container", .summary = "Most memory in 1 MB huge pages", .check = size},
    {.name = "limits.hugepages.2MB", .group = "resource-limits", .live = "yes", .condition = "container", .summary = "Most memory in 2 MB huge pages", .check = size},
    {.name = "limits.hugepages.64KB", .group = "resource-limits", .live = "yes", .condition = "container", .summary = "Most memory in 64 KB huge pages", .check = size},
    {.name = "limits.memory", .group = "resource-limits", .def = "1GiB (VMs)", .live = "yes", .summary = "Most memory the instance may use: a size or a percentage of the host", .check = memory},
    {.name = "limits.memory.enforce", .group = "resource-limits", .def = "hard", .live = "yes", .condition = "container", .summary = "hard: never above the limit; soft: above it while the host has spare memory", .check = soft_or_hard},
    {.name = "limits.memory.hotplug", .group = "resource-limits", .def = "true", .live = "yes", .condition = "virtual machine", .summary = "Whether, or up to which size, memory can be added while running", .check = size_or_boolean},
    {.name = "limits.memory.hugepages", .group = "resource-limits", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Back the memory of the machine with huge pages", .check = boolean},
    {.name = "limits.memory.oom_priority", .group = "resource-limits", .type = Type::integer, .def = "0", .live = "yes", .summary = "Added to the out-of-memory score, -1000 to 1000", .check = oom_priority},
    {.name = "limits.memory.swap", .group = "resource-limits", .def = "true", .live = "yes", .condition = "container", .summary = "Whether, or how much, swap may be used", .check = size_or_boolean},
    {.name = "limits.memory.swap.priority", .group = "resource-limits", .type = Type::integer, .def = "10 (maximum)", .live = "yes", .condition = "container", .summary = "How hard the kernel tries to keep the container out of swap, 0 to 10", .check = priority},
    {.name = "limits.processes", .group = "resource-limits", .type = Type::integer, .def = "empty", .live = "yes", .condition = "container", .summary = "Most processes in the container", .check = integer},
    {.name = "linux.kernel_modules", .group = "miscellaneous", .live = "yes", .condition = "container", .summary = "Kernel modules to load on the host before the start, separated by commas"},
    {.name = "linux.sysctl.*", .group = "miscellaneous", .live = "no", .condition = "container", .summary = "A sysctl value set inside the container"},
    {.name = "migration.incremental.memory", .group = "migration", .type = Type::boolean, .def = "false", .live = "yes", .condition = "container", .summary = "Send memory in several rounds while the container still runs", .check = boolean},
    {.name = "migration.incremental.memory.goal", .group = "migration", .type = Type::integer, .def = "70", .live = "yes", .condition = "container", .summary = "Share of memory that must be in step before the last round", .check = uint32},
    {.name = "migration.incremental.memory.iterations", .group = "migration", .type = Type::integer, .def = "10", .live = "yes", .condition = "container", .summary = "Most rounds before the container is stopped for the last one", .check = uint32},
    {.name = "migration.stateful", .group = "migration", .type = Type::boolean, .def = "false", .live = "no", .summary = "Allow stopping, starting and snapshotting with the running state kept", .check = boolean},
    {.name = "nvidia.driver.capabilities", .group = "nvidia", .def = "compute,utility", .live = "no", .condition = "container", .summary = "Driver features to make available (sets NVIDIA_DRIVER_CAPABILITIES)", .check = one_line},
    {.name = "nvidia.require.cuda", .group = "nvidia", .live = "no", .condition = "container", .summary = "Condition on the CUDA version (sets NVIDIA_REQUIRE_CUDA)", .check = one_line},
    {.name = "nvidia.require.driver", .group = "nvidia", .live = "no", .condition = "container", .summary = "Condition on the driver version (sets NVIDIA_REQUIRE_DRIVER)", .check = one_line},
    {.name = "nvidia.runtime", .group = "nvidia", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Bring the NVIDIA libraries of the host into the container", .check = boolean},
    {.name = "oci.cwd", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Working directory of the application container", .check = absolute_path},
    {.name = "oci.dns.domain", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Domain written to resolv.conf", .check = one_line},
    {.name = "oci.dns.nameservers", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Name servers written to resolv.conf, separated by commas", .check = addresses},
    {.name = "oci.dns.search", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Search domains written to resolv.conf, separated by commas", .check = one_line},
    {.name = "oci.entrypoint", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Command the application container runs"},
    {.name = "oci.gid", .group = "oci", .live = "no", .condition = "OCI container", .summary = "Group id the entry point runs with", .check = uint32},
    {.name = "oci.uid", .group = "oci", .live = "no", .condition = "OCI container", .summary = "User id the entry point runs with", .check = uint32},
    {.name = "smbios11.*", .group = "miscellaneous", .live = "yes", .summary = "A key and value passed in an SMBIOS type 11 table"},
    {.name = "snapshots.expiry", .group = "snapshots", .live = "no", .summary = "Life span of new snapshots, such as 1M 2H 3d 4w 5m 6y", .check = expiry},
    {.name = "snapshots.expiry.manual", .group = "snapshots", .live = "no", .summary = "Life span of snapshots made by hand", .check = expiry},
    {.name = "snapshots.pattern", .group = "snapshots", .def = "snap%d", .live = "no", .summary = "Template of snapshot names"},
    {.name = "snapshots.schedule", .group = "snapshots", .def = "empty", .live = "no", .summary = "When to make snapshots: cron expression or @alias, several separated by \", \"", .check = schedule},
    {.name = "snapshots.schedule.stopped", .group = "snapshots", .type = Type::boolean, .def = "false", .live = "no", .summary = "Make scheduled snapshots of stopped instances too", .check = boolean},
    {.name = "systemd.credential-binary.*", .group = "miscellaneous", .live = "yes", .summary = "A systemd credential, its value in base64", .check = base64},
    {.name = "systemd.credential.*", .group = "miscellaneous", .live = "yes", .summary = "A systemd credential"},
    {.name = "user.*", .group = "miscellaneous", .live = "yes", .summary = "Free storage for users and their tools"},
    {.name = "user.network-config", .group = "cloud-init", .def = "DHCP on eth0", .live = "no", .condition = "If supported by image", .summary = "Older name of cloud-init.network-config"},
    {.name = "user.user-data", .group = "cloud-init", .def = "#cloud-config", .live = "no", .condition = "If supported by image", .summary = "Older name of cloud-init.user-data"},
    {.name = "user.vendor-data", .group = "cloud-init", .def = "#cloud-config", .live = "no", .condition = "If supported by image", .summary = "Older name of cloud-init.vendor-data"},
};

}  // namespace

config::Keys general_keys() { return kGeneral; }

}  // namespace instance
