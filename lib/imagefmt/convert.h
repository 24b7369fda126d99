// Disks from one format into another, by qemu-img(1) in a sandbox: it reads what strangers made.
#pragma once
#include <functional>
#include <string>

#include "base/context.h"

namespace imagefmt {

enum class DiskFormat { raw, qcow2 };

struct Conversion {
  int source = -1;  ///< open for reading
  DiskFormat from = DiskFormat::qcow2;
  int target = -1;  ///< open for reading and writing, empty; a raw one gets holes where there is nothing
  DiskFormat to = DiskFormat::raw;
  bool compress = false;    ///< qcow2 only
  int64_t most_bytes = 0;   ///< the target never becomes larger than this
};

/// The program sees its two files, read-only system folders and nothing else: no network, no capabilities, no other process (applets/helpers/forkconvert).
/// A qcow2 source must have passed check_qcow2(). `progress`: bytes of the disk done, of how many; may be null.
/// Errors: unsupported (qemu-img is missing: says what to install), invalid (it refused the source), internal, cancelled. Blocks for long.
Result<> convert_disk(const Context& ctx, const Conversion& conversion, const std::function<void(int64_t, int64_t)>& progress = nullptr);

/// Makes of the qcow2 disk in `source` the raw disk `name` in the open folder `folder`, mode 0600; nothing stays of a failure.
/// `most_bytes`: refuses larger disks (0: any up to kMaxDisk), before anything is written. Errors: also those of check_qcow2(). Blocks for long.
Result<> unpack_qcow2(const Context& ctx, int source, int folder, const std::string& name, int64_t most_bytes,
                      const std::function<void(int64_t, int64_t)>& progress = nullptr);

}  // namespace imagefmt
