// The partition table (GPT) of a disk file that has grown: its second copy belongs to the end of the disk (UEFI specification, 5.3).
#pragma once
#include "base/result.h"

namespace imagefmt {

/// Writes the second copy at the end of the open disk, and what the first one says about it; lets the protective MBR cover the whole disk. True: done.
/// False: there is no intact table of 512-byte sectors, or it is right already; nothing was written. Errors: internal (reading, writing). Blocks.
/// The disk is a guest's: nothing in it is trusted.
Result<bool> move_gpt_backup(int fd);

}  // namespace imagefmt
