// squashfs images read and written like tars, so that everything that unpacks, inspects or packs a tar does so with them too (libsquashfs).
#pragma once
#include "archive/compression.h"
#include "archive/tar_writer.h"

namespace archive {

/// Reads the image in `fd` (kept open by the caller; its offset is left alone). Members come folder by folder; the root itself is left out.
/// Nobody has to trust the image: names, loops, sizes and depth are checked. Errors: invalid.
Result<std::unique_ptr<TarReader>> open_squashfs(int fd);

/// The kind of archive by the first bytes of `fd`: squashfs, or a tar read from the descriptor's offset through `source` (null: the file itself).
Result<std::unique_ptr<TarReader>> open_archive(int fd, Source source = nullptr);

struct SquashfsOptions {
  Compression method = Compression::xz;  ///< gzip, xz, lz4 or zstd
  int level = -1;                        ///< -1: the compressor's default; xz has none
  uint32_t block_size = 256 << 10;       ///< bytes, a power of two
  int64_t time = 0;                      ///< seconds since 1970, in the image's header
};

/// Writes into the empty file `fd` (opened for reading and writing; kept open by the caller). Data is compressed with all processors as it comes;
/// names, owners and links are kept in memory until finish(). Same members, same bytes. Attributes the format can't hold (POSIX ACLs) are left out.
/// Errors: unsupported (method), internal.
Result<std::unique_ptr<TarWriter>> create_squashfs(int fd, const SquashfsOptions& options = {});

/// By `choice`: a squashfs into the file `fd`, or a tar into `sink`. `time`: as above. Errors: unsupported.
Result<std::unique_ptr<TarWriter>> create_archive(int fd, Sink sink, const CompressionChoice& choice, int64_t time = 0);

}  // namespace archive
