// Layers that were downloaded, by digest: shared between images, and half ones continued. One folder, any number of processes.
#pragma once
#include <functional>
#include <string>

#include "base/context.h"
#include "base/timestamp.h"
#include "base/unique_fd.h"
#include "oci/registry.h"

namespace oci {

/// Bytes that arrived, each time some did.
using Arrived = std::function<void(int64_t bytes)>;

/// Files are named by the hex digest; "<digest>.part" is one that is still coming. Thread-safe: files are locked.
class LayerCache {
 public:
  explicit LayerCache(std::string folder) : folder_(std::move(folder)) {}

  /// The layer's file, opened for reading: from the folder, or downloaded with digest and size checked while it arrives. A broken download is
  /// continued where it ended, now or by the next call. Errors: those of the registry; invalid (other bytes than promised). Blocks for long.
  Result<UniqueFd> fetch(const Context& ctx, Registry& registry, const std::string& repository, const Descriptor& layer, const Arrived& arrived);
  /// Deletes layers unused since `oldest`, then the longest unused ones until at most `most` bytes are left. Layers in use keep their content
  /// until they are closed. Failures are ignored: what can't be deleted now can be the next time.
  void trim(Timestamp oldest, int64_t most);

 private:
  Result<> download(const Context& ctx, Registry& registry, const std::string& repository, const Descriptor& layer, int part, const Arrived& arrived);
  std::string folder_;
};

/// Bytes of layers that are kept for the next image.
inline constexpr int64_t kMaxCachedLayers = int64_t{2} << 30;

}  // namespace oci
