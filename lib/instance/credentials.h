// systemd's credentials of a container: the folder that systemd.credential.* keys fill, seen inside as /dev/.incus-systemd-credentials.
#pragma once
#include "instance/object.h"
#include "sys/idmap.h"

namespace instance {

/// The credentials a config asks for, by name. Errors: invalid for names that are no file names, and broken base64.
Result<StringMap> credentials_of(const StringMap& config);

/// Brings <volume>/credentials to what the config says; the container's root may read it, nobody else. A folder that is there stays the same one,
/// as a running container has it mounted. The volume is mounted. Errors: as credentials_of(), or of the file system.
Result<> write_credentials(const InstancePtr& instance, const sys::IdMap& map);

}  // namespace instance
