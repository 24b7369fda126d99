// Paths of small APIs, whose routes stand in one table.
#pragma once
#include <string_view>

#include "base/strings.h"

namespace http {

/// Does `path` (as sent, escaped) fit "/1.0/config/{key}", where {name} stands for one segment? `params` gets the decoded ones.
bool path_matches(std::string_view pattern, std::string_view path, StringMap& params);

}  // namespace http
