// Uploads that become volumes.
#pragma once
#include "applets/daemon/route.h"

namespace incusd {

/// The body is an ISO file. Errors: invalid (name).
Result<Reply> import_iso(Call& call, const std::string& project, const std::string& name);
/// The body is a volume backup.
Result<Reply> import_volume_backup(Call& call, const std::string& project, const std::string& name);

}  // namespace incusd
