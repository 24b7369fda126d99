// The API extensions that this program has.
#pragma once
#include "base/strings.h"

namespace api {

/// In the order in which they came about.
const StringList& extensions();

}  // namespace api
