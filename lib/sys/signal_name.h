// Signals by name: "SIGTERM", "TERM", "SIGRTMIN+3", "15". signal(7).
#pragma once
#include <string>

namespace sys {

/// 0 if the text names none.
int signal_number(const std::string& text);

}  // namespace sys
