// Instance keys: what the daemon itself keeps about an instance.
#include "instance/key_checks.h"
#include "instance/key_tables.h"

namespace instance {
namespace {

using config::Key;
using config::Type;
using namespace check;

constexpr Key kVolatile[] = {
    {.name = "volatile.<name>.apply_quota", .group = "volatile", .summary = "Quota to apply at the next start"},
    {.name = "volatile.<name>.ceph_rbd", .group = "volatile", .summary = "Path of the mapped RBD device"},
    {.name = "volatile.<name>.host_name", .group = "volatile", .summary = "Name of the interface on the host"},
    {.name = "volatile.<name>.hwaddr", .group = "volatile", .summary = "Hardware address"},
    {.name = "volatile.<name>.io.bus", .group = "volatile", .summary = "Bus the disk is on"},
    {.name = "volatile.<name>.last_state.created", .group = "volatile", .summary = "The interface on the host was made for this device"},
    {.name = "volatile.<name>.last_state.hwaddr", .group = "volatile", .summary = "Hardware address the interface had before"},
    {.name = "volatile.<name>.last_state.ip_addresses", .group = "volatile", .summary = "Addresses last in use", .check = addresses},
    {.name = "volatile.<name>.last_state.mtu", .group = "volatile", .summary = "MTU the interface had before"},
    {.name = "volatile.<name>.last_state.pci.driver", .group = "volatile", .summary = "Driver the PCI device had before"},
    {.name = "volatile.<name>.last_state.pci.parent", .group = "volatile", .summary = "Parent of the PCI device"},
    {.name = "volatile.<name>.last_state.pci.slot.name", .group = "volatile", .summary = "Slot of the PCI device"},
    {.name = "volatile.<name>.last_state.usb.bus", .group = "volatile", .summary = "Bus number of the USB device"},
    {.name = "volatile.<name>.last_state.usb.device", .group = "volatile", .summary = "Number of the USB device"},
    {.name = "volatile.<name>.last_state.vdpa.name", .group = "volatile", .summary = "Name of the vDPA device"},
    {.name = "volatile.<name>.last_state.vf.hwaddr", .group = "volatile", .summary = "Hardware address the function had before"},
    {.name = "volatile.<name>.last_state.vf.id", .group = "volatile", .summary = "Number of the virtual function"},
    {.name = "volatile.<name>.last_state.vf.parent", .group = "volatile", .summary = "Parent of the virtual function"},
    {.name = "volatile.<name>.last_state.vf.spoofcheck", .group = "volatile", .summary = "Spoof checking the function had before"},
    {.name = "volatile.<name>.last_state.vf.trusted", .group = "volatile", .summary = "Trust the function had before"},
    {.name = "volatile.<name>.last_state.vf.vlan", .group = "volatile", .summary = "VLAN the function had before"},
    {.name = "volatile.<name>.mig.uuid", .group = "volatile", .summary = "Identity of the MIG instance"},
    {.name = "volatile.<name>.name", .group = "volatile", .summary = "Name of the interface inside"},
    {.name = "volatile.<name>.vgpu.uuid", .group = "volatile", .summary = "Identity of the virtual GPU"},
    {.name = "volatile.apply_nvram", .group = "volatile", .type = Type::boolean, .summary = "Make the NVRAM anew at the next start", .check = boolean},
    {.name = "volatile.apply_template", .group = "volatile", .summary = "Template trigger to run at the next start"},
    {.name = "volatile.base_image", .group = "volatile", .summary = "Fingerprint of the image the instance was made of"},
    {.name = "volatile.cloud_init.instance-id", .group = "volatile", .summary = "Identity shown to cloud-init"},
    {.name = "volatile.cluster.group", .group = "volatile", .summary = "Cluster group the instance was placed in"},
    {.name = "volatile.container.oci", .group = "volatile", .type = Type::boolean, .def = "false", .summary = "The container was made of an OCI image", .check = boolean},
    {.name = "volatile.cpu.nodes", .group = "volatile", .summary = "NUMA nodes chosen for the instance", .check = cpu_nodes},
    {.name = "volatile.evacuate.origin", .group = "volatile", .summary = "Cluster member the instance was evacuated from"},
    {.name = "volatile.idmap.base", .group = "volatile", .type = Type::integer, .summary = "First host id of the main range"},
    {.name = "volatile.idmap.current", .group = "volatile", .summary = "Id map in use"},
    {.name = "volatile.idmap.next", .group = "volatile", .summary = "Id map of the next start"},
    {.name = "volatile.last_state.agent", .group = "volatile", .summary = "State of the agent when the host last went down"},
    {.name = "volatile.last_state.idmap", .group = "volatile", .summary = "Id map the files on disk are owned by"},
    {.name = "volatile.last_state.power", .group = "volatile", .summary = "State of the instance when the host last went down"},
    {.name = "volatile.last_state.ready", .group = "volatile", .summary = "The instance declared itself ready", .check = boolean},
    {.name = "volatile.rebalance.last_move", .group = "volatile", .type = Type::integer, .summary = "When the instance was last moved to even out load", .check = integer},
    {.name = "volatile.uuid", .group = "volatile", .summary = "Identity of the instance", .check = uuid},
    {.name = "volatile.uuid.generation", .group = "volatile", .summary = "Identity that changes when the instance goes back in time", .check = uuid},
    {.name = "volatile.vm.boot_state", .group = "volatile", .summary = "Properties kept across live migration"},
    {.name = "volatile.vm.needs_reset", .group = "volatile", .type = Type::boolean, .summary = "A full reset is due at the next reboot", .check = boolean},
    {.name = "volatile.vm.rtc_adjustment", .group = "volatile", .type = Type::integer, .summary = "Change of the clock by the guest", .check = integer},
    {.name = "volatile.vm.rtc_offset", .group = "volatile", .type = Type::integer, .summary = "Offset of the clock", .check = integer},
    {.name = "volatile.vsock_id", .group = "volatile", .summary = "Vsock address of the machine", .check = integer},
};

}  // namespace

config::Keys volatile_keys() { return kVolatile; }

}  // namespace instance
