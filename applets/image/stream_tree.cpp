#include "applets/image/stream_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "archive/stream.h"
#include "sys/beneath.h"

namespace streams {

namespace {

constexpr const char* kProducts = "streams/v1/images.json";
constexpr const char* kIndex = "streams/v1/index.json";

/// ENOENT as an errno of its own, since read_file() doesn't tell.
bool missing(const char* path) { return access(path, F_OK) != 0 && errno == ENOENT; }

Result<UniqueFd> here() { return sys::open_directory("."); }

Failure outside(const std::string& path) { return fail(Code::invalid, "{} is not a path in this folder", quote(path)); }

}  // namespace

Result<imagefmt::StreamProducts> need_products() {
  if (missing(kProducts)) return fail(Code::not_found, "open {}: no such file or directory", kProducts);
  auto text = TRY(read_file(kProducts, imagefmt::kMaxStreamFile));
  return TRY_CTX(api::parse<imagefmt::StreamProducts>(text), "Failed reading {}", kProducts);
}

Result<imagefmt::StreamProducts> load_products() {
  if (!missing(kProducts)) return need_products();
  imagefmt::StreamProducts products;
  products.content_id = "images";
  products.datatype = "image-downloads";
  products.format = "products:1.0";
  return products;
}

Result<> save_products(const imagefmt::StreamProducts& products) {
  for (const char* folder : {"streams", "streams/v1"}) {
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return fail_errno(std::string("mkdir ") + folder);
  }
  // The index last: who reads it finds the products it names.
  TRY(write_file_atomic(kProducts, api::dump(products), 0644));
  return write_file_atomic(kIndex, api::dump(imagefmt::index_of(products)), 0644);
}

Result<UniqueFd> open_item(const std::string& path) {
  auto opened = sys::open_beneath(TRY(here()).get(), path, O_RDONLY);
  if (!opened && opened.error().sys_errno() == ENOENT) return fail(Code::not_found, "Missing image file {}", quote(path));
  if (!opened) return outside(path);
  return opened;
}

Result<> remove_item(const std::string& path) {
  auto parent = sys::open_parent_beneath(TRY(here()).get(), path);
  if (!parent) return parent.error().sys_errno() == ENOENT ? Result<>() : outside(path);
  if (unlinkat(parent->first.get(), parent->second.c_str(), 0) != 0 && errno != ENOENT) return fail_errno("remove " + path);
  return {};
}

Result<Digest> digest_file(int fd, archive::Hash* combined) {
  archive::Hash own;
  Digest digest;
  digest.size = TRY(archive::hash_file(fd, own, combined));
  digest.sha256 = own.hex();
  return digest;
}

}  // namespace streams
