#include "oci/registry_server.h"

#include <fcntl.h>

#include <filesystem>
#include <map>

#include "api/architecture.h"
#include "archive/stream.h"
#include "client/image_answers.h"
#include "oci/image.h"
#include "sys/unnamed_file.h"

namespace oci {

namespace {

constexpr const char* kRootfsName = "rootfs.tar.zst";
constexpr const char* kMetadataName = "metadata.tar.zst";

Result<UniqueFd> scratch_file() {
  return sys::unnamed_file(std::filesystem::temp_directory_path());
}

class RegistryServer {
 public:
  RegistryServer(RegistryUrl url, std::string layers, std::string keys)
      : registry_(std::move(url), {.certificate = {}, .keys = std::move(keys)}), layers_(std::move(layers)) {}

  Result<client::Answer> answer(const Context& ctx, const client::Request& request) {
    client::Question question = TRY(client::read_question(request));
    if (request.method != http::Method::get) return fail(Code::forbidden, "OCI registries can only be read");
    const StringList& path = question.path;
    if (path.empty()) return client::sync_answer(info());
    if (path[0] != "images") return fail(Code::not_found, "Not found");
    if (path.size() == 1) return fail(Code::unsupported, "Can't list images from OCI registry");
    if (path[1] == "aliases" && path.size() == 2) return fail(Code::unsupported, "Can't list image aliases from OCI registry");
    if (path[1] == "aliases") return alias(ctx, path[2], question.query.get("type"));
    auto known = known_.find(path[1]);
    if (known == known_.end()) return refused_ ? Result<client::Answer>(Failure(*refused_)) : fail(Code::not_found, "Image not found");
    if (path.size() == 2) return client::sync_answer(api::to_json(known->second.info));
    if (path[2] == "export") return send_files(ctx, request, known->second);
    return fail(Code::not_found, "Not found");
  }

 private:
  Registry registry_;
  std::string layers_;
  std::map<std::string, Described> known_;  ///< by fingerprint
  std::optional<Error> refused_;            ///< why the last name could not be resolved

  Json info() const {
    return {{"api_extensions", Json::array()}, {"api_status", "stable"}, {"api_version", "1.0"}, {"auth", "untrusted"}, {"public", true},
            {"environment", {{"server", "oci"}, {"addresses", Json::array({registry_.url().base})}}}};
  }

  Result<client::Answer> alias(const Context& ctx, const std::string& name, const std::string& type) {
    if (type == "virtual-machine") return fail(Code::invalid, "OCI images are only supported for containers");
    auto described = describe(ctx, registry_, name, api::local_architecture());
    if (!described) {
      refused_ = described.error();
      return Failure(described.error());
    }
    api::ImageAliasesEntry entry;
    entry.name = name;
    entry.target = described->info.fingerprint;
    entry.type = "container";
    known_[entry.target] = std::move(*described);
    return client::sync_answer(api::to_json(entry));
  }

  /// The metadata comes first in the form, but is only known when the root file system is made: that waits in a file.
  Result<client::Answer> send_files(const Context& ctx, const client::Request& request, const Described& image) {
    UniqueFd rootfs = TRY(scratch_file());
    std::string metadata;
    auto keep = [&](std::string_view bytes) -> Result<> {
      metadata += bytes;
      return {};
    };
    LayerCache cache(layers_);
    TRY(assemble(ctx, registry_, cache, image, {.metadata = keep, .rootfs = archive::sink_to_fd(rootfs.get())}, nullptr));
    cache.trim(Timestamp(), kMaxCachedLayers);
    auto send_rootfs = [&](const client::Sink& sink) -> Result<> {
      std::vector<char> buffer(256 << 10);
      auto source = archive::source_from_file(rootfs.get());
      while (size_t got = TRY(source(buffer))) TRY(sink({buffer.data(), got}));
      return {};
    };
    auto send_metadata = [&](const client::Sink& sink) { return sink(metadata); };
    return client::send_image_parts(request, {{"metadata", kMetadataName, send_metadata}, {"rootfs", kRootfsName, send_rootfs}}, 0);
  }
};

}  // namespace

Result<client::Server> registry_server(const RegistrySource& source) {
  auto server = std::make_shared<RegistryServer>(TRY(parse_registry(source.url)), source.layer_folder, source.keys);
  return client::Server([server](const Context& ctx, const client::Request& request) { return server->answer(ctx, request); });
}

}  // namespace oci
