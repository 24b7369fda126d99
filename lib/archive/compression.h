// Compression formats of images and backups: their names in requests, magic numbers and file extensions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archive {

enum class Compression { none, gzip, bzip2, xz, lzma, zstd, lz4, squashfs };

/// What a request's compression_algorithm asks for: a compressor and optionally its level.
struct CompressionChoice {
  Compression method = Compression::none;
  int level = -1;  ///< 1 to 9; -1: the compressor's default
};

/// Reads "gzip", "xz -9", "pigz --rsyncable", … Errors: invalid, naming what is allowed.
Result<CompressionChoice> parse_compression(std::string_view text);
/// By the first bytes (264 are enough). Nothing if it is neither compressed nor a tar.
enum class Content { tar, gzip, bzip2, xz, lzma, zstd, lz4, squashfs, qcow2, vmdk };
std::optional<Content> detect(std::string_view head);
inline constexpr size_t kDetectBytes = 264;
/// ".tar.gz", ".tar", ".squashfs", …; empty for nothing known.
std::string_view extension_of(std::optional<Content> content);

}  // namespace archive
