#include "oci/image.h"

#include <algorithm>

#include "api/architecture.h"
#include "archive/hash.h"
#include "imagefmt/metadata.h"
#include "oci/flatten.h"
#include "oci/signature.h"

namespace oci {

namespace {

constexpr int kMaxNesting = 3;  // an index may point to an index
/// Quick to write and to read, which matters more than size: these files are read at every creation of an instance.
constexpr archive::CompressionChoice kCompression{archive::Compression::zstd, 1};

/// Follows indexes to the manifest for this machine. `digests`: of what was gone through, the manifest's last.
Result<Manifest> find_manifest(const Context& ctx, Registry& registry, const Reference& reference, int architecture, StringList& digests) {
  std::string version = reference.version();
  for (int i = 0; i <= kMaxNesting; ++i) {
    auto document = TRY(registry.manifest(ctx, reference.repository, version));
    Manifest manifest = TRY(parse_manifest(document.text, document.media_type));
    digests.push_back(document.digest);
    if (!manifest.index) return manifest;
    version = TRY(choose(manifest, TRY(platform_of(architecture)))).digest;
  }
  return fail(Code::invalid, "The image's indexes point to one another");
}

/// "NAME:TAG@DIGEST" means "NAME@DIGEST".
std::string alias_of(const std::string& image) {
  size_t at = image.find('@');
  if (at == image.npos) return image;
  std::string name = image.substr(0, at);
  size_t slash = name.rfind('/');
  return name.substr(0, name.find(':', slash == name.npos ? 0 : slash)) + image.substr(at);
}

api::Image info_of(const Registry& registry, const Described& image, const std::string& architecture) {
  api::Image info;
  info.public_ = true;
  info.architecture = architecture;
  info.fingerprint = fingerprint_of(image.manifest);
  info.type = "container";
  info.size = image.manifest.layer_bytes();
  info.created_at = info.uploaded_at = image.config.created;
  info.aliases.push_back({image.alias, ""});
  info.properties = {{"architecture", architecture}, {"type", "oci"}, {"description", std::format("{}/{} (OCI)", registry.url().name, image.reference.repository)}, {"id", image.alias}};
  return info;
}

Result<std::string> metadata_yaml(const Described& image) {
  api::ImageMetadata metadata;
  metadata.architecture = image.info.architecture;
  // Reproducible builds set the date to 0, which would mean that there is none.
  metadata.creation_date = std::max<int64_t>(image.config.created.seconds, 1);
  return imagefmt::dump_metadata(metadata);
}

Result<> write_metadata(const Described& image, const Accounts& accounts, const archive::Sink& sink) {
  auto tar = TRY(archive::TarWriter::create(sink, kCompression));
  archive::Entry entry;
  entry.mode = 0644;
  entry.mtime.tv_sec = std::max<int64_t>(image.config.created.seconds, 0);
  entry.path = "config.json";
  TRY(tar->add(entry, TRY(runtime_spec(image.config, accounts.passwd, accounts.group))));
  entry.path = "metadata.yaml";
  TRY(tar->add(entry, TRY(metadata_yaml(image))));
  return tar->finish();
}

}  // namespace

std::string fingerprint_of(const Manifest& manifest) {
  archive::Hash hash;
  for (const Descriptor& layer : manifest.layers) hash.update(layer.digest);
  return hash.hex();
}

Result<Described> describe(const Context& ctx, Registry& registry, const std::string& image, int architecture) {
  Described out;
  out.alias = alias_of(image);
  out.reference = TRY(parse_reference(registry.url(), image));
  StringList digests;
  out.manifest = TRY(find_manifest(ctx, registry, out.reference, architecture, digests));
  out.digest = digests.back();
  // Each names the next by its digest: who signed one of them has signed what follows.
  if (!registry.keys().empty()) TRY(check_signed(ctx, registry, out.reference.repository, digests, registry.keys()));
  out.config = TRY(parse_config(TRY(registry.small_blob(ctx, out.reference.repository, out.manifest.config))));
  if (!out.config.diff_ids.empty() && out.config.diff_ids.size() != out.manifest.layers.size())
    return fail(Code::invalid, "The image's configuration knows {} layers, its manifest {}", out.config.diff_ids.size(), out.manifest.layers.size());
  int found = TRY(api::architecture_id(out.config.architecture));
  out.info = info_of(registry, out, std::string(api::architecture_name(found)));
  // An image with the same layers that came unsigned may have another entry point.
  if (!registry.keys().empty()) out.info.fingerprint = digest_hex(out.digest);
  return out;
}

Result<> assemble(const Context& ctx, Registry& registry, LayerCache& cache, const Described& image, const AssembleTarget& target, const Arrived& arrived) {
  std::vector<LayerFile> layers;
  for (size_t i = 0; i < image.manifest.layers.size(); ++i) {
    LayerFile layer;
    layer.fd = TRY(cache.fetch(ctx, registry, image.reference.repository, image.manifest.layers[i], arrived));
    if (!image.config.diff_ids.empty()) layer.diff_id = image.config.diff_ids[i];
    layers.push_back(std::move(layer));
  }
  auto tar = TRY(archive::TarWriter::create(target.rootfs, kCompression));
  Accounts accounts = TRY(flatten(ctx, layers, *tar));
  return write_metadata(image, accounts, target.metadata);
}

}  // namespace oci
