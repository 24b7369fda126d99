// The folder of an image server, as any web server can serve it: streams/v1/{index,images}.json and images/. It is the current folder.
#pragma once
#include <string>

#include "archive/hash.h"
#include "base/context.h"
#include "base/unique_fd.h"
#include "imagefmt/simplestreams.h"

namespace streams {

/// images.json; nothing in it if there is none yet. Errors: invalid, internal.
Result<imagefmt::StreamProducts> load_products();
/// The same, with a missing file an error.
Result<imagefmt::StreamProducts> need_products();
/// Writes images.json and the index that names what is in it.
Result<> save_products(const imagefmt::StreamProducts& products);
/// A path that images.json names: nothing outside of the folder can be meant. Errors: not_found, invalid.
Result<UniqueFd> open_item(const std::string& path);
/// Missing files are no error. Errors: invalid, internal.
Result<> remove_item(const std::string& path);

/// A file's size and SHA-256; its bytes also go into `combined`, if given. Errors: internal. Blocks.
struct Digest {
  int64_t size = 0;  ///< bytes
  std::string sha256;
};
Result<Digest> digest_file(int fd, archive::Hash* combined = nullptr);

}  // namespace streams
