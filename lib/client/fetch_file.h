// Downloading one file whose size and hash are known beforehand: broken connections are resumed, wrong bytes refused.
#pragma once
#include "client/download.h"

namespace client {

struct FileSpec {
  std::string url;
  std::string sha256;   ///< hex; empty: whatever comes
  int64_t size = -1;    ///< bytes; -1: unknown
};

/// Hands the file's bytes to options.sink, in order and each once. Where a connection breaks it goes on from there (Range, or by skipping what
/// is known), up to `kAttempts` times without a new byte. The hash is only judged at the end: a sink must not act on bytes before.
/// Errors: those of download(); invalid (more, fewer or other bytes than announced); the sink's own. Blocks; honours ctx.
Result<> fetch_file(const Context& ctx, const FileSpec& file, const DownloadOptions& options);
inline constexpr int kAttempts = 5;

}  // namespace client
