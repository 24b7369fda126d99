// Taking xz compression off with several threads, where the file was made in blocks.
#pragma once
#include "archive/stream.h"

namespace archive {

/// Reads the xz file that `source` gives and writes its content to `out`. Several streams after each other are one file.
/// Errors: invalid (damaged, or it asks for too much memory), those of both ends. Blocks.
Result<> decompress_xz(const Source& source, const Sink& out);

}  // namespace archive
