// Images of a simplestreams server.
#include <algorithm>

#include "api/architecture.h"
#include "client/download.h"
#include "image/remote.h"
#include "imagefmt/simplestreams.h"

namespace image {

namespace {

Result<std::string> fetch_text(const Context& ctx, const std::string& server, const std::string& path) {
  auto answer = TRY(client::download(ctx, server + "/" + path));
  return std::move(answer.body);
}

std::string without_slash(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  return server;
}

bool matches(const imagefmt::StreamImage& item, const DownloadRequest& request, const std::string& architecture) {
  const std::string& name = request.source.alias;
  if (!request.source.image_type.empty() && item.image.type != request.source.image_type) return false;
  if (name.size() >= 6 && item.image.fingerprint.starts_with(name)) return true;
  if (item.image.architecture != architecture) {
    // "debian/13/amd64" asks for an architecture by name.
    size_t slash = name.rfind('/');
    auto id = slash == name.npos ? Result<int>(fail(Code::not_found, "")) : api::architecture_id(name.substr(slash + 1));
    if (!id || api::architecture_name(*id) != item.image.architecture) return false;
    return std::ranges::contains(item.image.aliases, name.substr(0, slash), &api::ImageAlias::name);
  }
  return std::ranges::contains(item.image.aliases, name, &api::ImageAlias::name);
}

Result<> fetch_file(const Context& ctx, const std::string& url, int64_t& done, int64_t total, const archive::Sink& sink, const FetchProgress& progress) {
  client::DownloadOptions options;
  options.sink = [&](std::string_view data) -> Result<> {
    done += static_cast<int64_t>(data.size());
    if (progress) progress(done, total);
    return sink(data);
  };
  return client::download(ctx, url, options).transform([](client::Answer&&) {});
}

Result<> fetch(const Context& ctx, const std::string& server, const imagefmt::StreamImage& item, Build& build, const FetchProgress& progress) {
  int64_t done = 0, total = item.metadata.size + item.rootfs.size;
  TRY(fetch_file(ctx, server + "/" + item.metadata.path, done, total, build.sink(), progress));
  if (item.rootfs.path.empty()) return {};
  TRY(build.open_rootfs());
  return fetch_file(ctx, server + "/" + item.rootfs.path, done, total, build.rootfs_sink(), progress);
}

}  // namespace

Result<Remote> find_simplestreams(const Context& ctx, const DownloadRequest& request) {
  std::string server = without_slash(request.source.server);
  std::string index = TRY_CTX(fetch_text(ctx, server, "streams/v1/index.json"), "Failed to connect to simple streams server {}", quote(server));
  for (const std::string& path : TRY(imagefmt::parse_stream_index(index))) {
    auto products = TRY(fetch_text(ctx, server, path));
    for (auto& item : TRY(imagefmt::parse_stream_products(products))) {
      if (!matches(item, request, std::string(api::architecture_name(api::local_architecture())))) continue;
      Remote remote;
      remote.fingerprint = item.image.fingerprint;
      remote.info = item.image;
      remote.described = true;
      remote.fetch = [server, item](const Context& fetch_ctx, Build& build, const FetchProgress& progress) { return fetch(fetch_ctx, server, item, build, progress); };
      return remote;
    }
  }
  return fail(Code::not_found, "The requested image couldn't be found");
}

}  // namespace image
