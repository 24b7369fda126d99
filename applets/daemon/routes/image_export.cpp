// Images on their way out: downloads of their files, and sending them to another server.
#include <fcntl.h>
#include <sys/stat.h>

#include "applets/daemon/routes/image_common.h"
#include "archive/compression.h"
#include "archive/stream.h"
#include "base/encode.h"
#include "client/api.h"
#include "client/download.h"
#include "http/stream.h"
#include "imagefmt/image_file.h"

namespace incusd {
namespace {

struct File {
  UniqueFd fd;
  int64_t size = 0;
  std::string extension;
};

Result<File> open_image_file(const std::string& path) {
  File file;
  file.fd.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!file.fd || fstat(file.fd.get(), &info) != 0) return fail_errno("Cannot open image file " + path);
  file.size = info.st_size;
  char head[archive::kDetectBytes];
  ssize_t got = pread(file.fd.get(), head, sizeof head, 0);
  if (got > 0) file.extension = std::string(archive::extension_of(archive::detect({head, static_cast<size_t>(got)})));
  return file;
}

/// A multipart form of two files, its size known before it is sent.
struct Form {
  struct Piece {
    std::string head;
    std::shared_ptr<File> file;
  };
  std::string boundary = random_secret();
  std::vector<Piece> pieces;
  std::string tail;

  void add(const std::string& name, const std::string& filename, File file) {
    std::string head = std::format("{}--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n",
                                   pieces.empty() ? "" : "\r\n", boundary, name, filename);
    pieces.push_back({std::move(head), std::make_shared<File>(std::move(file))});
    tail = "\r\n--" + boundary + "--\r\n";
  }
  std::string content_type() const { return "multipart/form-data; boundary=" + boundary; }
  uint64_t size() const {
    uint64_t total = tail.size();
    for (const Piece& piece : pieces) total += piece.head.size() + static_cast<uint64_t>(piece.file->size);
    return total;
  }
  /// Its bytes one after the other.
  archive::Source source() const {
    auto parts = std::make_shared<std::vector<archive::Source>>();
    archive::Source nothing = [](std::span<char>) -> Result<size_t> { return 0; };
    for (const Piece& piece : pieces) {
      parts->push_back(archive::prepend(piece.head, nothing));
      parts->push_back([file = piece.file, source = archive::source_from_file(piece.file->fd.get())](std::span<char> buffer) mutable { return source(buffer); });
    }
    parts->push_back(archive::prepend(tail, nothing));
    return [parts, at = size_t{0}](std::span<char> buffer) mutable -> Result<size_t> {
      for (; at < parts->size(); ++at) {
        size_t got = TRY((*parts)[at](buffer));
        if (got > 0) return got;
      }
      return 0;
    };
  }
};

struct Export {
  std::optional<Form> form;  ///< split images
  File file;                 ///< unified ones
  std::string filename;
};

Result<Export> open_export(image::Store& store, const db::images::Row& row) {
  auto files = imagefmt::files_of(store.folder(), row.fingerprint);
  Export out;
  out.file = TRY(open_image_file(files.metadata));
  out.filename = row.fingerprint + out.file.extension;
  if (files.rootfs.empty()) return out;
  File rootfs = TRY(open_image_file(files.rootfs));
  std::string root_name = row.fingerprint + rootfs.extension;
  out.form.emplace();
  out.form->add("metadata", "meta-" + out.filename, std::move(out.file));
  out.form->add(row.type == db::InstanceType::vm ? "rootfs.img" : "rootfs", root_name, std::move(rootfs));
  return out;
}

Result<> write_all(const Context& ctx, http::Stream& stream, const archive::Source& source) {
  std::vector<char> buffer(256 << 10);
  while (size_t got = TRY(source(buffer))) TRY(stream.write(ctx, {buffer.data(), got}));
  return {};
}

/// The other server takes the upload as an operation of its own.
Result<> push(const Context& ctx, image::Store& store, const db::images::Row& row, const api::ImageExportPost& request) {
  auto url = TRY(client::parse_url(request.target));
  client::Endpoint endpoint;
  endpoint.host = url.host;
  endpoint.port = url.port;
  endpoint.server_certificate = request.certificate;
  client::Server server = client::Server(endpoint).project(request.project);
  Export out = TRY(open_export(store, row));
  client::Request message;
  message.method = http::Method::post;
  message.target = "/1.0/images";
  message.headers.set("X-Incus-fingerprint", row.fingerprint);
  message.headers.set("X-Incus-secret", request.secret);
  message.headers.set("X-Incus-filename", row.filename);
  message.headers.set("X-Incus-public", row.public_ ? "true" : "false");
  std::string properties, profiles;
  for (const auto& [key, value] : row.properties) properties += (properties.empty() ? "" : "&") + url_escape(key) + "=" + url_escape(value);
  for (const std::string& profile : request.profiles) profiles += (profiles.empty() ? "profile=" : "&profile=") + url_escape(profile);
  if (!properties.empty()) message.headers.set("X-Incus-properties", properties);
  if (!profiles.empty()) message.headers.set("X-Incus-profiles", profiles);
  message.headers.set("Content-Type", out.form ? out.form->content_type() : "application/octet-stream");
  if (out.form) {
    message.upload = client::Upload{[source = out.form->source()](const Context&, std::span<char> buffer) { return source(buffer); }, out.form->size()};
  } else {
    message.upload = client::upload_fd(out.file.fd.get());
  }
  auto reply = TRY(server.send_query(ctx, std::move(message)));
  if (reply.operation.empty()) return {};
  std::string secret = reply.metadata.is_object() && reply.metadata["metadata"].is_object() ? reply.metadata["metadata"].value("secret", "") : "";
  if (secret.empty()) return {};
  auto waited = TRY(server.get(ctx, "/1.0/operations/" + reply.operation + "/wait?secret=" + secret));
  return client::operation_result(TRY(client::decode<api::Operation>(waited.metadata)));
}

}  // namespace

Result<Reply> export_image(Call& call) {
  auto row = TRY(visible_image(call, TRY(image_project(call))));
  Export out = TRY(open_export(*call.daemon.images, row));
  http::Response response;
  response.headers.set("X-Incus-Type", get_or(row.properties, "type") == "oci" ? "oci" : "incus");
  emit(call, row.project, "image-retrieved", image::image_url(row.fingerprint, row.project));
  if (out.form) {
    response.headers.set("Content-Type", out.form->content_type());
    response.writer = [source = out.form->source()](const Context& ctx, http::Stream& stream) { return write_all(ctx, stream, source); };
    return raw(std::move(response));
  }
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=" + out.filename);
  response.file = std::move(out.file.fd);
  response.file_size = static_cast<uint64_t>(out.file.size);
  return raw(std::move(response));
}

Result<Reply> push_image(Call& call) {
  auto row = TRY(visible_image(call, TRY(image_project(call))));
  auto request = TRY(call.body<api::ImageExportPost>());
  core::OperationSpec spec;
  spec.type = core::OperationType::image_download;
  spec.project = call.project;
  spec.run = [store = call.daemon.images, row, request](const Context& ctx, core::Operation&) { return push(ctx, *store, row, request); };
  return accepted(call, std::move(spec));
}

}  // namespace incusd
