// Simplestreams: the static index of image servers ("index:1.0" and "products:1.0" files). Untrusted input; no network here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/types/image.h"
#include "base/result.h"

namespace imagefmt {

struct StreamFile {
  std::string path;    ///< relative to the server
  std::string sha256;
  int64_t size = 0;
};

/// One downloadable image: metadata and root file system (or one combined file).
struct StreamImage {
  api::Image image;
  StreamFile metadata;
  StreamFile rootfs;  ///< empty path: metadata is the whole image
};

/// Paths of the product files an index lists for images. Errors: invalid.
Result<StringList> parse_stream_index(std::string_view json);
/// All images of a product file, newest version first per product. Items nobody here can use are left out. Errors: invalid.
Result<std::vector<StreamImage>> parse_stream_products(std::string_view json);

}  // namespace imagefmt
