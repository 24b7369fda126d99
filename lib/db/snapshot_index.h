// The next number for snapshot name patterns ("snap%d").
#pragma once
#include "base/strings.h"

namespace db {

/// One more than the highest number that stands for %d in `names`; 0 if there is none.
int next_index(const StringList& names, const std::string& pattern);

}  // namespace db
