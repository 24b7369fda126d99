#include <unistd.h>

#include "applets/cli/image/files.h"
#include "base/encode.h"
#include "client/file_upload.h"
#include "imagefmt/qcow2.h"

namespace cli {
namespace {

std::string part_head(const std::string& boundary, std::string_view field, const std::string& file) {
  return std::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n", boundary, field,
                     replace_all(file, "\"", "%22"));
}

std::string url_encoded(const StringMap& values) {
  StringList pairs;
  for (const auto& [key, value] : values) pairs.push_back(url_escape(key) + "=" + url_escape(value));
  return join(pairs, "&");
}

/// The start of a qcow2 file marks a virtual machine's disk.
bool holds_qcow2(int fd) {
  char head[4];
  return pread(fd, head, sizeof head, lseek(fd, 0, SEEK_CUR)) == sizeof head && imagefmt::is_qcow2(head);
}

void set_headers(const ImageUpload& image, http::Headers& headers) {
  headers.set("X-Incus-filename", image.filename);
  if (image.is_public) headers.set("X-Incus-public", "true");
  if (!image.properties.empty()) headers.set("X-Incus-properties", url_encoded(image.properties));
  StringList profiles;
  for (const std::string& name : image.profiles) profiles.push_back("profile=" + url_escape(name));
  if (!profiles.empty()) headers.set("X-Incus-profiles", join(profiles, "&"));
}

}  // namespace

Result<std::string> upload_image(const Context& ctx, client::Server& server, const ImageUpload& image, Progress& progress) {
  client::Request request{.method = http::Method::post, .target = "/1.0/images"};
  client::FileUpload parts;
  if (image.rootfs >= 0) {
    bool vm = image.type.empty() ? holds_qcow2(image.rootfs) : image.type == "virtual-machine";
    std::string boundary = random_secret();
    parts.text(part_head(boundary, "metadata", image.filename));
    TRY(parts.file(image.meta, image.meta_size));
    parts.text("\r\n" + part_head(boundary, vm ? "rootfs.img" : "rootfs", image.rootfs_name));
    TRY(parts.file(image.rootfs, image.rootfs_size));
    parts.text("\r\n--" + boundary + "--\r\n");
    request.headers.set("Content-Type", "multipart/form-data; boundary=" + boundary);
  } else {
    TRY(parts.file(image.meta, image.meta_size));
    request.headers.set("Content-Type", "application/octet-stream");
  }
  set_headers(image, request.headers);
  parts.on_progress([&progress](uint64_t done, uint64_t total) { progress.update(std::format("{}%", total ? done * 100 / total : 100)); });
  request.upload = parts.upload();
  return TRY(server.send_query(ctx, std::move(request))).operation;
}

}  // namespace cli
