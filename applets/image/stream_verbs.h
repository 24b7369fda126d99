// Sub-commands of incus-simplestreams that have files of their own.
#pragma once
#include "applets/tools/tool.h"

namespace streams {

Result<> add(tools::Call& call);
Result<> prune(tools::Call& call);
Result<> remove(tools::Call& call);

}  // namespace streams
