// For who keeps a record of the running operations.
#pragma once
#include <functional>

namespace core {

class Operations;

/// `added` is called after each new operation, on any thread; it must not block. Set before the first operation, once.
void watch_operations(Operations& operations, std::function<void()> added);

}  // namespace core
