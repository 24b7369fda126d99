// Reading tar streams entry by entry, whatever compressed them (libarchive; formats and filters named one by one: libarchive(3)).
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/stream.h"

namespace archive {

/// One member of a tar. Owners are numeric; names are as stored but for a leading "./" or "/" and trailing slashes.
struct Entry {
  enum class Type { file, directory, symlink, hardlink, character, block, fifo, other };
  Type type = Type::file;
  std::string path;
  std::string link;  ///< target of a symlink (verbatim) or hard link (cleaned like path)
  int64_t size = 0;
  mode_t mode = 0;  ///< permission bits with set-id and sticky
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t device = 0;
  timespec mtime{};
  std::vector<std::pair<std::string, std::string>> xattrs;  ///< POSIX ACLs included, in the kernel's binary form
};

/// "./a//b/" -> "a/b"; the archive's root is "". Errors: invalid for "..", as such a name can only mean harm.
Result<std::string> clean_path(std::string_view path);

/// A tar being read. Bounded memory. Not thread-safe. Decompression runs in a thread of its own where it pays.
class TarReader {
 public:
  /// `plain`, if set, sees the bytes of the tar as they are read, without their compression. Errors: invalid: not a tar.
  static Result<std::unique_ptr<TarReader>> open(Source source, Sink plain = nullptr);
  virtual ~TarReader() = default;
  /// The next member, or nothing at the end. Errors: invalid (damaged or hostile archive).
  virtual Result<std::optional<Entry>> next() = 0;
  /// The current member's content as (offset, bytes) blocks; holes are left out. Nothing at its end.
  struct Block {
    int64_t offset;
    std::string_view data;
  };
  virtual Result<std::optional<Block>> read_block() = 0;
  /// After the last member: reads on to the source's end, so that `plain` has seen all.
  virtual Result<> drain() = 0;
  /// The current member's whole content, at most `limit` bytes. Errors: invalid beyond.
  Result<std::string> read_all(size_t limit);
};

}  // namespace archive
