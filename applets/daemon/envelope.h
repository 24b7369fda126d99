// Answers of handlers as HTTP responses.
#pragma once
#include "applets/daemon/route.h"
#include "core/envelope.h"
#include "http/message.h"

namespace incusd {

using core::async_response, core::error_response, core::json_response, core::sync_body, core::sync_response;

http::Response render(Reply&& reply);

}  // namespace incusd
