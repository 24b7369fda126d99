// Disks as compressed qcow2 files: version 3, no backing file, zeros left out. docs/interop/qcow2.txt of QEMU.
#pragma once
#include <cstdint>

#include "base/context.h"

namespace imagefmt {

/// Writes what is in the raw disk `from` (its size is the disk's, a multiple of 512) to the new file `to`. The same disk gives the same bytes.
/// Errors: invalid, internal, cancelled. Blocks: about 10 s for each GiB of data.
Result<> write_qcow2(const Context& ctx, int from, int to);

}  // namespace imagefmt
