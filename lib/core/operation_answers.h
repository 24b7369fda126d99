// Answers about operations, for every API that has them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/operation.h"
#include "http/message.h"

namespace core {

/// JSON text {"running": [...], "success": [...]}: grouped by status, in the order given. `full`: records instead of URLs.
std::string operations_by_status(const std::vector<std::shared_ptr<Operation>>& operations, bool full);
/// The answer of a wait, once it is over.
using WaitAnswer = http::Response (*)(Operation& operation);
/// The operation once it ended, or as it is after `timeout` seconds (negative: never). Costs no thread meanwhile.
http::Response wait_response(std::shared_ptr<Operation> operation, async::Runtime& runtime, int64_t timeout, WaitAnswer answer = nullptr);
/// The websocket of one of its streams. check_connect() comes first.
http::Response connect_response(std::shared_ptr<Operation> operation, std::string secret);

}  // namespace core
