// Operations that go on without a thread of their own.
#pragma once
#include <functional>

#include "core/operation.h"

namespace core {

/// Ends an operation as the outcome of its `run` would have: success, or its error. Any thread; only the first call counts.
using Ending = std::function<void(Result<>)>;

/// Called within `run`: after `run` has returned success the operation stays running until the ending is called. An error of `run` ends it at once.
/// The ending keeps the operation alive.
Ending end_later(Operation& operation);

}  // namespace core
