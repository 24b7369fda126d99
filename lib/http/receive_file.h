// Large bodies of requests straight into files.
#pragma once
#include "http/stream.h"

namespace http {

/// Appends up to `most` bytes of a request's body to `file`, at its own offset; 0 at the end of the body. From a plain socket they go there
/// without coming into this process. Blocks. Errors: invalid (malformed), cancelled, internal (connection lost, disk full).
Result<uint64_t> receive_file(const Context& ctx, Stream& body, int file, uint64_t most);

}  // namespace http
