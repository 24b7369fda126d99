// Waiting for what an asynchronous request started.
#pragma once
#include <optional>
#include <string>

#include "api/types/operation.h"
#include "applets/cli/call.h"
#include "applets/cli/progress.h"

namespace cli {

/// Waits for an operation; Ctrl-C asks the server to cancel it, three times leaves it running. With `progress`, changes are shown.
/// Errors: the operation's own; cancelled.
Result<api::Operation> wait_for(Call& call, client::Server& server, const std::string& id, Progress* progress = nullptr);
/// Sends a request and waits if it started an operation; nothing for an immediate answer.
Result<std::optional<api::Operation>> run_request(Call& call, client::Server& server, http::Method method, const std::string& path, const std::string& body = "",
                                                  const std::string& etag = "", Progress* progress = nullptr);

}  // namespace cli
