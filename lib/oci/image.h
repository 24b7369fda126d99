// An image of a registry as Incus sees it: what it is, and its two files (metadata and root file system).
#pragma once
#include <string>

#include "api/types/image.h"
#include "archive/stream.h"
#include "oci/config.h"
#include "oci/layer_cache.h"
#include "oci/registry.h"

namespace oci {

struct Described {
  Reference reference;
  std::string alias;     ///< what the image was asked for as; without the tag where a digest counts
  std::string digest;    ///< of the image's manifest
  Manifest manifest;
  ImageConfig config;
  api::Image info;       ///< fingerprint, architecture, size, properties, dates
};
/// Resolves `image` for `architecture` (api::architecture_id). Errors: not_found, invalid, unsupported, unavailable. Blocks.
Result<Described> describe(const Context& ctx, Registry& registry, const std::string& image, int architecture);
/// The hash over the layers' digests, as upstream computes it: images with the same layers are the same to it.
std::string fingerprint_of(const Manifest& manifest);

struct AssembleTarget {
  archive::Sink metadata;  ///< a tar with metadata.yaml and config.json
  archive::Sink rootfs;    ///< a tar of the root file system
};
/// Fetches the layers and writes both files. `arrived`: bytes of layers, of info.size in all. Errors: those of layers and registries. Blocks for long.
Result<> assemble(const Context& ctx, Registry& registry, LayerCache& cache, const Described& image, const AssembleTarget& target, const Arrived& arrived);

}  // namespace oci
