// Parts shared by the files of `incus remote`.
#pragma once
#include "applets/cli/call.h"

namespace cli {

Result<> remote_add(Call& call);

/// "host", "host:port", "https://…", "unix:…" or a socket's path -> the address config.yml holds. Errors: invalid.
Result<std::string> normalize_address(const std::string& text);
/// Makes client.crt and client.key if they are missing, and says so on standard error.
Result<> ensure_client_certificate(const Call& call);

}  // namespace cli
