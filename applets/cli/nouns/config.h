// Parts shared by the files of `incus config`.
#pragma once
#include "applets/cli/call.h"
#include "applets/cli/verbs/noun.h"

namespace cli {

/// /1.0/instances/NAME
std::string instance_path(const std::string& name);

/// Members that are empty are left out where the API's client leaves them out of its documents.
Json without(Json object, std::initializer_list<const char*> members);

}  // namespace cli
