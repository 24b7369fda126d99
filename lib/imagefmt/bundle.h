// Bundles: this program, images and a preseed in one file that can still be executed. What is added stands behind the program: the images' files, an
// index in JSON, and a trailer of fixed size at the very end. Untrusted input.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace imagefmt {

/// Where a file stands in the bundle, in bytes.
struct BundlePart {
  int64_t offset = 0, size = 0;
};

struct BundleImage {
  std::string fingerprint;  ///< SHA-256 of the parts' bytes, in hex
  StringList aliases;
  BundlePart metadata;      ///< or the whole image
  std::optional<BundlePart> rootfs;
};

struct Bundle {
  int64_t program = 0;  ///< bytes of the program: what is behind them was added
  std::string preseed;  ///< YAML, as `incus admin init --preseed` reads it; may be empty
  std::vector<BundleImage> images;
};

inline constexpr size_t kMaxBundleIndex = 4 << 20;   ///< bytes
inline constexpr size_t kMaxBundleImages = 1000;
inline constexpr int64_t kBundleAlignment = 4096;    ///< of parts, so that file systems can share their blocks

/// Does the file end in a trailer? Cheap, and says nothing about the rest.
bool is_bundle(int fd);
/// The index, checked: every part is in the file, behind the program and before the index. The images' bytes are not read.
/// Errors: not_found (no bundle), invalid (what is wrong with it).
Result<Bundle> read_bundle(int fd);
/// The same of an index that stands at `end`.
Result<Bundle> parse_bundle_index(std::string_view json, int64_t end);
/// Index and trailer: what ends a bundle whose parts end at `end`.
std::string bundle_ending(const Bundle& bundle, int64_t end);

}  // namespace imagefmt
