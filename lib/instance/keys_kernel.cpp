// Instance keys: resource limits of processes.
#include "instance/key_checks.h"
#include "instance/key_tables.h"

namespace instance {
namespace {

using config::Key;
using config::Type;
using namespace check;

constexpr Key kKernel[] = {
    {.name = "limits.kernel.as", .group = "resource-limits", .condition = "container", .summary = "Size of the address space (setrlimit)"},
    {.name = "limits.kernel.core", .group = "resource-limits", .condition = "container", .summary = "Size of core files (setrlimit)"},
    {.name = "limits.kernel.cpu", .group = "resource-limits", .condition = "container", .summary = "CPU time in seconds (setrlimit)"},
    {.name = "limits.kernel.data", .group = "resource-limits", .condition = "container", .summary = "Size of the data segment (setrlimit)"},
    {.name = "limits.kernel.fsize", .group = "resource-limits", .condition = "container", .summary = "Size of files written (setrlimit)"},
    {.name = "limits.kernel.locks", .group = "resource-limits", .condition = "container", .summary = "Number of file locks (setrlimit)"},
    {.name = "limits.kernel.memlock", .group = "resource-limits", .condition = "container", .summary = "Locked memory (setrlimit)"},
    {.name = "limits.kernel.nice", .group = "resource-limits", .condition = "container", .summary = "How far niceness can be raised (setrlimit)"},
    {.name = "limits.kernel.nofile", .group = "resource-limits", .condition = "container", .summary = "Number of open files (setrlimit)"},
    {.name = "limits.kernel.nproc", .group = "resource-limits", .condition = "container", .summary = "Number of processes of one user (setrlimit)"},
    {.name = "limits.kernel.rtprio", .group = "resource-limits", .condition = "container", .summary = "Real-time priority (setrlimit)"},
    {.name = "limits.kernel.sigpending", .group = "resource-limits", .condition = "container", .summary = "Number of queued signals (setrlimit)"},
};

}  // namespace

config::Keys kernel_keys() { return kKernel; }

}  // namespace instance
