// Unpacking a tar that nobody trusts into a folder: nothing outside of it can be touched, whatever the members are called.
#pragma once
#include <functional>
#include <string>

#include "archive/tar_reader.h"
#include "base/context.h"

namespace archive {

/// What an archive may be at most: far above what people make, and low enough that a hostile one ends in minutes.
struct ExtractLimits {
  int64_t members;
  int64_t bytes;  ///< unpacked
  size_t path;    ///< bytes of a member's path, as path_resolution(7) allows
  size_t name;    ///< bytes of one name in it
};
inline constexpr ExtractLimits kBackupLimits{.members = 10'000'000, .bytes = int64_t{1} << 40, .path = 4095, .name = 255};
inline constexpr ExtractLimits kImageLimits{.members = 1'000'000, .bytes = int64_t{1} << 40, .path = 4095, .name = 255};

struct ExtractOptions {
  /// Maps a member's path to where it goes; empty skips it. Null: as it is.
  std::function<std::string(const std::string& path)> place;
  bool devices = true;  ///< create character and block nodes; otherwise they are skipped
  ExtractLimits limits = kBackupLimits;
};

/// Unpacks into the open folder `root`, with owners, modes, times, extended attributes, hard links and holes.
/// Existing files are replaced, folders are kept; a link in a member's path is refused, so is replacing a folder by something else.
/// No fsync. Errors: invalid (hostile or damaged archive), internal (disk). Blocks; honours ctx.
Result<> extract(const Context& ctx, TarReader& tar, int root, const ExtractOptions& options = {});

/// The same for one archive, member by member: for formats that need to look at the members themselves.
class Extractor {
 public:
  Extractor(int root, const ExtractOptions& options);
  ~Extractor();
  /// Creates `entry` at `path` and reads its content from `tar`.
  Result<> add(TarReader& tar, const Entry& entry, const std::string& path);
  /// Sets what folders could not have while they were filled. Must be called once at the end.
  Result<> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archive
