// What `incus info --resources` prints.
#pragma once
#include <string>

#include "api/json.h"

namespace cli {

/// An indented outline of the answer to GET /1.0/resources.
std::string resources_outline(const Json& resources);

}  // namespace cli
