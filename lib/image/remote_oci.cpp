// Images of OCI registries: layers are put together here, once, into the two files of an ordinary image.
#include "api/architecture.h"
#include "image/remote.h"
#include "oci/image.h"
#include "oci/signature.h"

namespace image {

namespace {

/// What a client sends as the certificate: the server's, or keys that images must be signed with, or both.
oci::Registry::Options options_of(Store& store, const std::string& pem) {
  return {.proxy = proxy_of(store), .certificate = pem.contains("BEGIN CERTIFICATE") ? pem : "", .keys = oci::public_keys_in(pem)};
}

std::string layer_folder(Store& store) { return store.services().paths.cache + "/oci"; }

}  // namespace

Result<Remote> find_oci(const Context& ctx, Store& store, const DownloadRequest& request) {
  if (request.source.image_type == "virtual-machine") return fail(Code::invalid, "OCI images are only supported for containers");
  oci::RegistryUrl url = TRY(oci::parse_registry(request.source.server));
  auto registry = std::make_shared<oci::Registry>(std::move(url), options_of(store, request.source.certificate));
  oci::Described image = TRY_CTX(oci::describe(ctx, *registry, request.source.alias, api::local_architecture()), "Failed getting remote image info");
  Remote remote;
  remote.fingerprint = image.info.fingerprint;
  remote.info = image.info;
  remote.described = true;
  remote.fetch = [registry, image = std::move(image), folder = layer_folder(store)](const Context& fetch_ctx, Build& build, const FetchProgress& progress) -> Result<> {
    oci::LayerCache cache(folder);
    int64_t done = 0;
    auto arrived = [&](int64_t bytes) {
      done += bytes;
      if (progress) progress(done, image.info.size);
    };
    TRY(build.open_rootfs());
    // The files are made here: what names the image is what they were made of.
    build.name_by(image.info.fingerprint);
    TRY(oci::assemble(fetch_ctx, *registry, cache, image, {.metadata = build.sink(), .rootfs = build.rootfs_sink()}, arrived));
    cache.trim(Timestamp(), oci::kMaxCachedLayers);
    return {};
  };
  return remote;
}

void trim_layers(Store& store, Timestamp oldest) { oci::LayerCache(layer_folder(store)).trim(oldest, oci::kMaxCachedLayers); }

}  // namespace image
