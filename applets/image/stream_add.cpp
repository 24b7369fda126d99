// `incus-simplestreams add`: an image's files into the folder, and what they are into its index.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <format>

#include "applets/image/stream_tree.h"
#include "applets/image/stream_verbs.h"
#include "archive/compression.h"
#include "archive/copy_tree.h"
#include "imagefmt/image_file.h"

namespace streams {
namespace {

using imagefmt::StreamItem;

Result<UniqueFd> open_input(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  return fd;
}

/// A root file's kind, by its first bytes; and where the hash of metadata and it stands.
struct RootKind {
  std::string_view extension, ftype;
  std::string StreamItem::*combined;
};
constexpr RootKind kRoots[] = {{".squashfs", "squashfs", &StreamItem::combined_squashfs},
                               {".qcow2", "disk-kvm.img", &StreamItem::combined_kvm},
                               {".tar.xz", "root.tar.xz", &StreamItem::combined_rootxz}};

Result<const RootKind*> root_kind(int fd) {
  char head[archive::kDetectBytes] = {};
  ssize_t got = pread(fd, head, sizeof head, 0);
  if (got < 0) return fail_errno("Cannot read the data file");
  std::string_view extension = archive::extension_of(archive::detect(std::string_view(head, static_cast<size_t>(got))));
  for (const RootKind& kind : kRoots) {
    if (kind.extension == extension) return &kind;
  }
  return fail(Code::invalid, "Unsupported data type {}", quote(extension));
}

Result<> copy_file(int from, int64_t size, const std::string& to) {
  std::string part = to + ".part";
  UniqueFd fd(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("open " + part);
  TRY(archive::copy_content(Context(), from, fd.get(), size, false));
  return rename(part.c_str(), to.c_str()) == 0 ? Result<>() : fail_errno("rename " + part);
}

Result<imagefmt::Inspected> read_metadata(const std::string& path) {
  auto found = TRY_CTX(imagefmt::inspect(Context(), path), "Failed reading metadata.yaml of {}", path);
  for (const char* key : {"os", "release", "variant", "architecture", "description"}) {
    if (!found.metadata.properties.contains(key)) return fail(Code::invalid, "Missing property {} in metadata.yaml", quote(key));
  }
  return found;
}

imagefmt::StreamProduct new_product(const StringMap& properties, const tools::Call& call) {
  StringList aliases = call.flags.list("alias");
  std::string standard = std::format("{}/{}/{}", properties.at("os"), properties.at("release"), properties.at("variant"));
  if (!call.flags.on("no-default-alias")) aliases.insert(aliases.begin(), standard);
  imagefmt::StreamProduct product;
  product.aliases = join(aliases, ",");
  product.arch = properties.at("architecture");
  product.os = properties.at("os");
  product.release = product.release_title = properties.at("release");
  product.variant = properties.at("variant");
  return product;
}

/// Puts the second file of a split image into `version`, whose metadata is `metadata`.
Result<> add_root(const std::string& path, int meta_fd, const std::string& meta_key, imagefmt::StreamVersion& version) {
  UniqueFd fd = TRY(open_input(path));
  const RootKind& kind = *TRY(root_kind(fd.get()));
  std::string ftype(kind.ftype);
  if (version.items.contains(ftype)) return fail(Code::conflict, "Already have a {} file for this image", quote(ftype));
  archive::Hash combined;
  Digest meta = TRY(digest_file(meta_fd, &combined)), root = TRY(digest_file(fd.get(), &combined));
  StreamItem item;
  item.ftype = ftype;
  item.sha256 = root.sha256;
  item.size = root.size;
  item.path = std::format("images/{}{}", meta.sha256, kind.extension);
  TRY(copy_file(fd.get(), root.size, item.path));
  version.items[ftype] = item;
  version.items[meta_key].*kind.combined = combined.hex();
  return {};
}

}  // namespace

Result<> add(tools::Call& call) {
  UniqueFd meta = TRY(open_input(call.words[0]));
  auto found = TRY(read_metadata(call.words[0]));
  bool unified = call.words.size() == 1;
  Digest digest = TRY(digest_file(meta.get()));
  std::string key = unified ? "incus_combined.tar.gz" : "incus.tar.xz";
  if (mkdir("images", 0755) != 0 && errno != EEXIST) return fail_errno("mkdir images");
  auto products = TRY(load_products());

  const StringMap& properties = found.metadata.properties;
  std::string name = call.flags.text("product-name");
  if (name.empty()) name = std::format("{}:{}:{}:{}", properties.at("os"), properties.at("release"), properties.at("variant"), properties.at("architecture"));
  auto& product = products.products.try_emplace(name, new_product(properties, call)).first->second;
  auto& version = product.versions[Timestamp::from_unix(found.metadata.creation_date).format_local("%Y%m%d%H%M")];
  StreamItem item;
  item.ftype = key;
  item.sha256 = digest.sha256;
  item.size = digest.size;
  item.path = std::format("images/{}.{}", digest.sha256, key);
  if (unified) item.combined_type = found.type == "virtual-machine" ? found.type : "container";
  version.items.try_emplace(key, item);
  TRY(copy_file(meta.get(), digest.size, item.path));
  if (!unified) TRY(add_root(call.words[1], meta.get(), key, version));
  return save_products(products);
}

}  // namespace streams
