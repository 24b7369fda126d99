// Images of another server of this API.
#include <vector>

#include "client/api.h"
#include "client/download.h"
#include "imagefmt/multipart.h"
#include "image/remote.h"

namespace image {

namespace {

client::Endpoint endpoint_of(const client::Url& url, const std::string& certificate) {
  client::Endpoint endpoint;
  endpoint.host = url.host;
  endpoint.port = url.port;
  endpoint.tls = url.tls;
  endpoint.server_certificate = certificate;
  return endpoint;
}

archive::Source source_of(archive::Pipe& pipe) {
  return [&pipe, rest = std::string_view()](std::span<char> buffer) mutable -> Result<size_t> {
    if (rest.empty()) rest = TRY(pipe.next());
    size_t count = rest.copy(buffer.data(), buffer.size());
    rest.remove_prefix(count);
    return count;
  };
}

Result<> read_export(archive::Source body, const std::string& content_type, Build& build) {
  std::vector<char> buffer(1 << 20);
  auto boundary = imagefmt::multipart_boundary(content_type);
  if (!boundary) {
    while (size_t got = TRY(body(buffer))) TRY(build.write({buffer.data(), got}));
    return {};
  }
  imagefmt::MultipartReader form(std::move(body), *boundary);
  auto part = TRY(form.next());
  if (!part || part->name != "metadata") return fail(Code::invalid, "Invalid multipart image");
  for (std::string_view data; !(data = TRY(form.read())).empty();) TRY(build.write(data));
  part = TRY(form.next());
  if (!part || !part->name.starts_with("rootfs")) return fail(Code::invalid, "Invalid multipart image");
  TRY(build.open_rootfs());
  for (std::string_view data; !(data = TRY(form.read())).empty();) TRY(build.write_rootfs(data));
  return {};
}

/// The request runs in the pipe's thread and pushes; the form is read from its other end.
Result<> fetch(const Context& ctx, client::Server server, const std::string& target, Build& build, int64_t size, const FetchProgress& progress) {
  std::string content_type;
  archive::Pipe pipe([&](const archive::Sink& out) -> Result<> {
    int64_t done = 0;
    client::Request request;
    request.target = target;
    request.on_headers = [&](const client::Answer& answer) -> Result<> {
      content_type = answer.headers.get("Content-Type");
      // An empty chunk tells the reader that the headers are in.
      return out(" ");
    };
    request.sink = [&](std::string_view data) -> Result<> {
      done += static_cast<int64_t>(data.size());
      if (progress) progress(done, size);
      return out(data);
    };
    return server.send(ctx, std::move(request)).transform([](client::Answer&&) {});
  });
  if (TRY(pipe.next()).empty()) return fail(Code::invalid, "The server sent an empty image");
  return read_export(source_of(pipe), content_type, build);
}

}  // namespace

Result<Remote> find_incus(const Context& ctx, const DownloadRequest& request) {
  auto url = TRY(client::parse_url(request.source.server));
  client::Server server = client::Server(endpoint_of(url, request.source.certificate)).project(request.source_project);
  std::string name = request.source.alias, secret = request.secret.empty() ? "" : "?secret=" + url_escape(request.secret);
  if (request.secret.empty()) {
    auto alias = server.get_as<api::ImageAliasesEntry>(ctx, "/1.0/images/aliases/" + url_escape(name));
    if (alias && !request.source.image_type.empty() && !alias->type.empty() && alias->type != request.source.image_type) {
      return fail(Code::not_found, "The requested image couldn't be found for instance type {}, but one was found for instance type {}",
                  quote(request.source.image_type), quote(alias->type));
    }
    if (!alias && alias.error().code() == Code::unavailable) return Failure(std::move(alias).error().wrap("Failed to connect to the server " + quote(request.source.server)));
    if (alias) name = alias->target;
  }
  Remote remote;
  remote.info = TRY_CTX(server.get_as<api::Image>(ctx, "/1.0/images/" + url_escape(name) + secret), "Failed getting remote image info");
  remote.fingerprint = remote.info.fingerprint;
  remote.described = true;
  std::string target = "/1.0/images/" + remote.fingerprint + "/export" + secret;
  remote.fetch = [server, target, size = remote.info.size](const Context& fetch_ctx, Build& build, const FetchProgress& progress) {
    return fetch(fetch_ctx, server, target, build, size, progress);
  };
  return remote;
}

}  // namespace image
