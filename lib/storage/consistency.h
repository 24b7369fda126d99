// Whether what is copied from a volume in use fits together.
#pragma once
#include "storage/pool.h"

namespace storage {

/// Are this pool's snapshots and copies a picture of one moment? If not, whoever writes to the volume has to hold still meanwhile.
bool copies_one_moment(Pool& pool);

}  // namespace storage
