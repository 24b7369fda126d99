// Simplestreams: what an image server's "index:1.0" and "products:1.0" files offer. Untrusted input; no network here.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/types/image.h"
#include "base/result.h"
#include "imagefmt/streams.h"

namespace imagefmt {

/// Bytes an index or product file may have.
inline constexpr size_t kMaxStreamFile = 64 << 20;

struct StreamFile {
  std::string path;    ///< relative to the server, without ".." or "//"
  std::string sha256;  ///< 64 hex digits
  int64_t size = 0;    ///< bytes; never negative
};

/// What turns another image's root file into this one's (xdelta3).
struct StreamDelta {
  StreamFile file;
  std::string base;  ///< fingerprint of the other image
};

/// One downloadable image: metadata and root file system (or one combined file).
struct StreamImage {
  api::Image image;   ///< with the aliases that lead to it
  StreamFile metadata;
  StreamFile rootfs;  ///< empty path: metadata is the whole image
  std::vector<StreamDelta> deltas;
};

struct StreamAlias {
  api::ImageAliasesEntry entry;
  std::string architecture;
};

/// Everything a server offers, the preferred images first.
struct StreamCatalog {
  std::vector<StreamImage> images;
  std::vector<StreamAlias> aliases;  ///< one for each name, type and architecture

  /// By alias (this machine's architecture first) or fingerprint or its beginning. `type`: "" for any kind of instance.
  /// Errors: not_found, invalid (ambiguous).
  Result<const StreamImage*> find(const std::string& name, const std::string& type) const;
  /// The aliases as a list of names: this machine's architecture hides others.
  std::vector<api::ImageAliasesEntry> alias_list() const;
};

/// Paths of the product files an index lists for images. Errors: invalid.
Result<StringList> parse_stream_index(std::string_view json);
/// All images of a product file, in no order. Items nobody here can use, or that name files nobody should ask for, are left out. Errors: invalid.
Result<std::vector<StreamImage>> parse_stream_products(std::string_view json);
/// Sorts, and hands each alias to the best image that claims it.
StreamCatalog make_catalog(std::vector<StreamImage> images);

}  // namespace imagefmt
