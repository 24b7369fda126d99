// The room that a virtual machine's volume has beside its disk.
#pragma once

namespace core {

/// size.state of the root disk where it isn't set: what the real server gives the file system that holds a machine's config and saved state.
inline constexpr const char* kDefaultStateSize = "500MiB";

}  // namespace core
