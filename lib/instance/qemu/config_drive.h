// What a virtual machine finds out about itself: the config drive that agents start from (wire.md, section 13), as a folder over 9p or virtiofs and as
// an ISO image, and the certificates by which agent and daemon know each other.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "device/device.h"
#include "instance/object.h"
#include "instance/qemu/agent_client.h"

namespace instance::qemu {

/// The pairs in the folder of the machine's volume: agent.crt and agent.key (the agent's), agent-client.crt and agent-client.key (ours); made where they
/// are missing (3 ms). Errors: invalid (a damaged file), internal.
Result<AgentIdentity> agent_identity(const std::string& volume);
/// Only the agent's certificate, as PEM: what proves to the daemon which machine is calling. Errors: internal (never made).
Result<std::string> agent_certificate(const std::string& volume);

struct ConfigDrive {
  std::string trigger;         ///< volatile.apply_template: templates to render besides those of "start"; may be empty
  AgentConnection connection;  ///< goes into agent.conf, so that /dev/incus is there early in the guest's boot
  uid_t owner = 0;             ///< whom QEMU runs as: it reads the files for the guest
};

/// Brings <volume>/config up to date before a start and returns its path: agent (a hard link to one copy for all machines where the file system can),
/// certificates, agent.conf, units, install.sh, rendered templates, nics/. Only what changed is written. Errors: invalid (a broken template),
/// internal. Takes 2 to 5 ms, 15 when the agent has to be copied. The volume is mounted and the instance's `mounted` set.
Result<std::string> write_config_drive(const Context& ctx, const InstancePtr& instance, const ConfigDrive& drive);
/// agent-mounts.json in it: which shares the agent mounts where. After the devices were prepared.
Result<> write_agent_mounts(const std::string& volume, const std::vector<device::ShareEntry>& shares, uid_t owner = 0);

/// <volume>/agent.iso, label "incus-agent", of the config drive as it is now: for guests that have no 9p (Debian's cloud kernel), and for disks with
/// source=agent:config; one that is as it should be is left alone. Returns its path. Takes about 10 ms, more where the file system can't share blocks. Errors: internal.
Result<std::string> make_agent_iso(const Context& ctx, const std::string& volume);
/// <volume>/config.iso, label "cidata", with cloud-init's NoCloud files from the instance's keys: disks with source=cloud-init:config.
Result<std::string> make_cloud_init_iso(const Context& ctx, const InstancePtr& instance);

}  // namespace instance::qemu
