// Files that must survive a loss of power, not only the end of the process: keys, certificates, the client's settings.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

/// write_file_atomic() that returns once the content is on disk (fsync(2)). On a file system that is being written to this takes as long as
/// everything else in its journal: what can be made again has no use for it. Blocks. Errors: internal.
Result<> write_file_durable(const std::string& path, std::string_view text, unsigned mode = 0600);
