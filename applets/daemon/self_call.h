// The daemon as a client of its own API, without a socket: for work that is defined in terms of API calls.
#pragma once
#include <string>

#include "api/json.h"
#include "base/context.h"
#include "http/message.h"

namespace incusd {

struct Daemon;

/// Runs the route of `target` (path and query) as the local administrator and waits for its operation, if it starts one.
/// Returns the metadata of the answer. Errors: those of the call. Blocks.
Result<Json> self_call(const Context& ctx, Daemon& daemon, http::Method method, const std::string& target, const std::string& body);

}  // namespace incusd
