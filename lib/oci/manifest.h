// Manifests and indexes of OCI images, and Docker's "schema 2" forms of both. Untrusted JSON. (image-spec, manifest.md and image-index.md.)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oci {

/// Limits of what a registry may send: far above what real images have.
inline constexpr size_t kMaxManifest = 4 << 20;       ///< bytes
inline constexpr size_t kMaxLayers = 512;
inline constexpr int64_t kMaxConfig = 8 << 20;        ///< bytes
inline constexpr int64_t kMaxLayer = int64_t{1} << 36;  ///< bytes, compressed

/// Something stored in a registry by its content.
struct Descriptor {
  std::string media_type;
  std::string digest;  ///< checked to be one
  int64_t size = 0;    ///< bytes, not negative
};

struct Platform {
  std::string os, architecture, variant;  ///< Go's words: "linux", "arm64", "v8"
};

struct IndexEntry {
  Descriptor manifest;
  Platform platform;
};

/// Either an index (then `entries` are the choices) or the manifest of one image.
struct Manifest {
  bool index = false;
  std::vector<IndexEntry> entries;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< lowest first

  int64_t layer_bytes() const;
};

/// `media_type` is what the server called it; the document's own mediaType wins. Errors: invalid (what and why), unsupported (schema 1, artifacts
/// that are no images, layers that must not be fetched from registries).
Result<Manifest> parse_manifest(std::string_view json, const std::string& media_type);
/// The Accept header of manifest requests.
std::string manifest_types();

/// Go's name of an architecture number, with the variant that is meant where several exist. Errors: unsupported.
Result<Platform> platform_of(int architecture);
/// The entry for a machine: same system and architecture, the fitting variant first. Errors: not_found, listing what there is.
Result<Descriptor> choose(const Manifest& index, const Platform& machine);

}  // namespace oci
