// The addresses remote clients can reach this server at.
#pragma once
#include <string>

#include "base/strings.h"

namespace incusd {
/// For the value of core.https_address: itself with its port, or all of this machine's addresses where it names none. Empty: none.
StringList listen_addresses(const std::string& https_address);
}  // namespace incusd
