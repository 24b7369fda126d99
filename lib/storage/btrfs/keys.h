// Config keys that only pools of driver "btrfs" know.
#pragma once
#include "config/key.h"

namespace storage::btrfs {

inline constexpr config::Key kPoolKeys[] = {
    {.name = "btrfs.mount_options", .group = "common", .def = "`user_subvol_rm_allowed`", .scope = "global", .summary = "Options the pool is mounted with"},
    {.name = "size", .group = "common", .type = config::Type::size, .def = "auto (20% of free disk space, >= 5 GiB and <= 30 GiB)", .scope = "local", .summary = "Size of a pool that lives in a loop file"},
};

}  // namespace storage::btrfs
