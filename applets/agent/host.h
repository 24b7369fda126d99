// Requests to the daemon from inside the machine: HTTPS over vsock, with the agent's certificate.
#pragma once
#include <string>

#include "api/json.h"
#include "applets/agent/agent.h"
#include "base/context.h"

namespace agent {

/// One request; gives the metadata of the answer. Errors: unavailable where the daemon can't be reached, else those of the answer. Blocks.
Result<Json> ask_host(const Context& ctx, Agent& agent, http::Method method, const std::string& path, const std::string& body = "");

}  // namespace agent
