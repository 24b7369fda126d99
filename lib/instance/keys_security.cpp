// Instance keys: security.*, raw.* and qemu.*.
#include "instance/key_checks.h"
#include "instance/key_tables.h"
#include "instance/qemu/scriptlet.h"

namespace instance {
namespace {

using config::Key;
using config::Type;
using namespace check;

constexpr Key kSecurity[] = {
    {.name = "qemu.accelerator", .group = "miscellaneous", .def = "auto", .live = "no", .condition = "virtual machine", .summary = "What runs the machine's processors: kvm, tcg (emulation), or auto for KVM where it was found to work", .check = accelerator},
    {.name = "qemu.machine", .group = "miscellaneous", .def = "q35", .live = "no", .condition = "virtual machine", .summary = "Kind of machine: q35, or microvm, which starts the kernel that the image has in its folder boot/", .check = machine},
    {.name = "raw.apparmor", .group = "raw", .live = "yes", .summary = "Lines added to the generated AppArmor profile"},
    {.name = "raw.idmap", .group = "raw", .live = "no", .condition = "unprivileged container", .summary = "Extra id mappings, one \"both|uid|gid HOST INSTANCE\" a line", .check = raw_idmap},
    {.name = "raw.lxc", .group = "raw", .live = "no", .condition = "container", .summary = "Lines added to the generated liblxc configuration", .check = raw_lxc},
    {.name = "raw.qemu", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "Arguments added to the generated QEMU command line"},
    {.name = "raw.qemu.conf", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "Sections that add to or replace parts of the generated qemu.conf"},
    {.name = "raw.qemu.qmp.early", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "QMP commands run before anything else"},
    {.name = "raw.qemu.qmp.post-start", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "QMP commands run once the machine has started"},
    {.name = "raw.qemu.qmp.pre-start", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "QMP commands run after set-up, before the machine starts"},
    {.name = "raw.qemu.scriptlet", .group = "raw", .live = "no", .condition = "virtual machine", .summary = "Starlark program with a function qemu_hook(instance, stage), run at the config, early, pre-start and post-start stages", .check = qemu::check_qemu_scriptlet},
    {.name = "raw.seccomp", .group = "raw", .live = "no", .condition = "container", .summary = "A whole seccomp policy instead of the generated one"},
    {.name = "security.agent.metrics", .group = "security", .type = Type::boolean, .def = "true", .live = "no", .condition = "virtual machine", .summary = "Ask the agent for state and metrics", .check = boolean},
    {.name = "security.bpffs.delegate_attachs", .group = "security", .live = "no", .condition = "unprivileged container", .summary = "BPF attach types a token may use", .check = one_line},
    {.name = "security.bpffs.delegate_cmds", .group = "security", .live = "no", .condition = "unprivileged container", .summary = "BPF commands a token may use", .check = one_line},
    {.name = "security.bpffs.delegate_maps", .group = "security", .live = "no", .condition = "unprivileged container", .summary = "BPF map types a token may use", .check = one_line},
    {.name = "security.bpffs.delegate_progs", .group = "security", .live = "no", .condition = "unprivileged container", .summary = "BPF program types a token may use", .check = one_line},
    {.name = "security.bpffs.path", .group = "security", .def = "/sys/fs/bpf", .live = "no", .condition = "unprivileged container", .summary = "Where the BPF file system with delegation is mounted", .check = absolute_path},
    {.name = "security.csm", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Use firmware that can boot systems without UEFI support", .check = boolean},
    {.name = "security.guestapi", .group = "security", .type = Type::boolean, .def = "true", .live = "no", .summary = "Offer /dev/incus inside the instance", .check = boolean},
    {.name = "security.guestapi.images", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Offer /1.0/images through /dev/incus, for nested daemons", .check = boolean},
    {.name = "security.idmap.base", .group = "security", .type = Type::integer, .live = "no", .condition = "unprivileged container", .summary = "First host id of the map, instead of a free range", .check = uint32},
    {.name = "security.idmap.isolated", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "unprivileged container", .summary = "Give the container a host id range of its own", .check = boolean},
    {.name = "security.idmap.size", .group = "security", .type = Type::integer, .live = "no", .condition = "unprivileged container", .summary = "Number of ids in the map", .check = uint32},
    {.name = "security.iommu", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Give the machine a virtual IOMMU", .check = boolean},
    {.name = "security.nesting", .group = "security", .type = Type::boolean, .def = "false", .live = "yes", .condition = "container", .summary = "Allow containers inside the container", .check = boolean},
    {.name = "security.privileged", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Run without a user namespace: root inside is root on the host", .check = boolean},
    {.name = "security.protection.delete", .group = "security", .type = Type::boolean, .def = "false", .live = "yes", .summary = "Refuse deleting the instance", .check = boolean},
    {.name = "security.protection.shift", .group = "security", .type = Type::boolean, .def = "false", .live = "yes", .condition = "container", .summary = "Refuse rewriting the owners of the file system", .check = boolean},
    {.name = "security.protection.start", .group = "security", .type = Type::boolean, .def = "false", .live = "yes", .summary = "Refuse starting the instance", .check = boolean},
    {.name = "security.secureboot", .group = "security", .type = Type::boolean, .def = "true", .live = "no", .condition = "virtual machine", .summary = "Boot signed systems only, with the usual vendor keys", .check = boolean},
    {.name = "security.selinux.domain", .group = "security", .def = "auto-detected (container_init_t for containers, qemu_t for VMs)", .live = "no", .condition = "container or virtual machine", .summary = "SELinux domain the processes run in", .check = selinux_type},
    {.name = "security.selinux.label_rootfs", .group = "security", .def = "auto", .live = "no", .condition = "container", .summary = "Whether the root file system gets SELinux labels", .check = label_rootfs},
    {.name = "security.selinux.level", .group = "security", .def = "auto-generated", .live = "no", .condition = "container or virtual machine", .summary = "SELinux categories of the instance", .check = selinux_level},
    {.name = "security.selinux.type", .group = "security", .def = "auto-detected (container_file_t for containers, qemu_image_t for VMs)", .live = "no", .condition = "container or virtual machine", .summary = "SELinux type of the instance files", .check = selinux_type},
    {.name = "security.sev", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Encrypt memory with AMD SEV", .check = boolean},
    {.name = "security.sev.policy.es", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "virtual machine", .summary = "Encrypt the processor state too (SEV-ES)", .check = boolean},
    {.name = "security.sev.session.data", .group = "security", .def = "true", .live = "no", .condition = "virtual machine", .summary = "Session blob of the owner, in base64"},
    {.name = "security.sev.session.dh", .group = "security", .def = "true", .live = "no", .condition = "virtual machine", .summary = "Diffie-Hellman key of the owner, in base64"},
    {.name = "security.syscalls.allow", .group = "security", .live = "no", .condition = "container", .summary = "System calls that are allowed; all others are not"},
    {.name = "security.syscalls.deny", .group = "security", .live = "no", .condition = "container", .summary = "System calls that are refused"},
    {.name = "security.syscalls.deny_compat", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Refuse the 32-bit system calls of x86_64", .check = boolean},
    {.name = "security.syscalls.deny_default", .group = "security", .type = Type::boolean, .def = "true", .live = "no", .condition = "container", .summary = "Refuse the system calls that could harm the host", .check = boolean},
    {.name = "security.syscalls.intercept.bpf", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer bpf() in the daemon", .check = boolean},
    {.name = "security.syscalls.intercept.bpf.devices", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Let the container load device cgroup programs", .check = boolean},
    {.name = "security.syscalls.intercept.mknod", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer mknod() in the daemon, for harmless devices", .check = boolean},
    {.name = "security.syscalls.intercept.mount", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer mount() in the daemon", .check = boolean},
    {.name = "security.syscalls.intercept.mount.allowed", .group = "security", .live = "yes", .condition = "container", .summary = "File systems that may be mounted this way"},
    {.name = "security.syscalls.intercept.mount.fuse", .group = "security", .live = "yes", .condition = "container", .summary = "File systems to mount by a FUSE program: FS=PROGRAM"},
    {.name = "security.syscalls.intercept.mount.shift", .group = "security", .type = Type::boolean, .def = "false", .live = "yes", .condition = "container", .summary = "Mount them with the id map of the container", .check = boolean},
    {.name = "security.syscalls.intercept.sched_setscheduler", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer sched_setscheduler() in the daemon", .check = boolean},
    {.name = "security.syscalls.intercept.setxattr", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer setxattr() in the daemon, for harmless attributes", .check = boolean},
    {.name = "security.syscalls.intercept.sysinfo", .group = "security", .type = Type::boolean, .def = "false", .live = "no", .condition = "container", .summary = "Answer sysinfo() with the limits of the container", .check = boolean},
};

}  // namespace

config::Keys security_keys() { return kSecurity; }

}  // namespace instance
