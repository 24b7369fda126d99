// metadata.yaml of an image: what it is, for which CPU, and its templates. Untrusted input.
#pragma once
#include <string>
#include <string_view>

#include "api/types/image.h"
#include "base/result.h"

namespace imagefmt {

/// Bytes a metadata.yaml may have.
inline constexpr size_t kMaxMetadata = 1 << 20;

/// Reads metadata.yaml. Errors: invalid, naming what is wrong (not YAML, unknown architecture, no creation date).
Result<api::ImageMetadata> parse_metadata(std::string_view yaml);
std::string dump_metadata(const api::ImageMetadata& metadata);

}  // namespace imagefmt
