// The name of this server as operations and events carry it.
#pragma once
#include <string>

namespace core {

/// "none" unless set.
const std::string& location();
/// Once, before anything reads it.
void set_location(std::string name);

}  // namespace core
