// Config keys that only the dir driver knows: none beyond the common ones.
#pragma once
#include "config/key.h"

namespace storage::dir {
inline config::Keys pool_keys() { return {}; }
}  // namespace storage::dir
