// Writing tar streams (pax, only where plain ustar can't say it), compressed with all processors where the format allows.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "archive/compression.h"
#include "archive/tar_reader.h"
#include "base/context.h"

namespace archive {

/// A tar being written to a sink. Not thread-safe. Call finish() at the end; without it the archive is damaged.
class TarWriter {
 public:
  /// Errors: unsupported (squashfs is no stream format).
  static Result<std::unique_ptr<TarWriter>> create(Sink sink, const CompressionChoice& compression);
  virtual ~TarWriter() = default;

  virtual Result<> add(const Entry& entry, std::string_view content = "") = 0;
  /// `entry.size` bytes from `fd`; holes are kept where `sparse`.
  virtual Result<> add_file(const Context& ctx, const Entry& entry, int fd, bool sparse) = 0;
  /// `entry.size` bytes: the content of the current member of `tar`. Holes become zeros, and so does what is missing at the end.
  virtual Result<> add_from(const Context& ctx, const Entry& entry, TarReader& tar) = 0;
  virtual Result<> finish() = 0;

  struct TreeOptions {
    /// True leaves the member (path in the tree) and all below it out. May be null.
    std::function<bool(const std::string& path)> skip;
    std::function<void(int64_t bytes)> progress;
  };
  /// The content of the open folder `dir` under `prefix` ("backup/container"), the folder itself first. Sockets are left out, hard links kept,
  /// files that vanish meanwhile too. Stays on one file system.
  Result<> add_tree(const Context& ctx, int dir, const std::string& prefix, const TreeOptions& options = {});
};

/// Compresses to gzip members of a fixed block size on all processors, in order. Returns the sink to write to; call `finish` last.
struct ParallelGzip {
  ParallelGzip(Sink out, int level);
  ~ParallelGzip();
  Result<> write(std::string_view data);
  Result<> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archive
