// Copies of instances: the request an instance or snapshot turns into. Shared by copy and move.
#pragma once
#include <optional>

#include "applets/cli/instance/common.h"

namespace cli {

struct CopyOrder {
  std::string source, snapshot;  ///< snapshot: empty for the instance itself
  std::string target;
  std::string pool, mode = "pull";
  bool keep_volatile = false, instance_only = false, live = false, refresh = false, exclude_older = false, allow_inconsistent = false;
  std::optional<bool> ephemeral;  ///< unset: as the source is
};

/// Runs one copy. Flags --config, --device, --profile, --no-profiles of `call` are applied. Errors: unsupported between two servers.
Result<> copy_instance(Call& call, client::Server& from, client::Server& to, bool same_server, const CopyOrder& order);

}  // namespace cli
