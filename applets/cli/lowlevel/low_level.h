// What the commands of `incus low-level` share.
#pragma once
#include "applets/cli/lowlevel/guid.h"
#include "applets/cli/call.h"

namespace cli {

/// "/1.0/instances/NAME/nvram/GUID/VARIABLE".
std::string nvram_path(const std::string& instance, const VariableName& variable);
/// The variable as the server shows it, and its ETag. Errors: not_found, the server's.
Result<client::Reply> get_variable(Call& call, client::Server& server, const std::string& instance, const VariableName& variable);

}  // namespace cli
