#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "applets/cli/image/files.h"
#include "base/encode.h"

namespace cli {
namespace {

/// A body made of texts and files, one after the other.
class Parts {
 public:
  void text(std::string value) { parts_.push_back({std::move(value), -1, 0}); }
  /// `size` bytes from its current offset on, or (-1) all. Errors: internal.
  Result<> file(int fd, int64_t size) {
    struct stat info;
    if (fstat(fd, &info)) return fail_errno("Failed reading the image");
    if (size < 0) size = info.st_size - lseek(fd, 0, SEEK_CUR);
    parts_.push_back({"", fd, static_cast<size_t>(size)});
    size_ += static_cast<uint64_t>(size);
    return {};
  }

  client::Upload upload(Progress& progress) {
    uint64_t total = size_;
    for (const Part& part : parts_) total += part.text.size();
    auto done = std::make_shared<uint64_t>(0);
    auto read = [this, done, total, &progress](const Context&, std::span<char> buffer) -> Result<size_t> {
      size_t n = TRY(next(buffer));
      *done += n;
      progress.update(std::format("{}%", total ? *done * 100 / total : 100));
      return n;
    };
    return {.read = read, .size = total};
  }

 private:
  struct Part {
    std::string text;
    int fd;
    size_t left;  ///< bytes of the file
  };
  Result<size_t> next(std::span<char> buffer) {
    while (at_ < parts_.size()) {
      Part& part = parts_[at_];
      if (part.fd < 0) {
        size_t n = part.text.copy(buffer.data(), buffer.size(), offset_);
        offset_ += n;
        if (n) return n;
      } else {
        ssize_t n = ::read(part.fd, buffer.data(), std::min(buffer.size(), part.left));
        if (n < 0) return fail_errno("Failed reading the image");
        part.left -= static_cast<size_t>(n);
        if (n) return static_cast<size_t>(n);
      }
      at_++;
      offset_ = 0;
    }
    return 0;
  }
  std::vector<Part> parts_;
  size_t at_ = 0, offset_ = 0;
  uint64_t size_ = 0;
};

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
bool is_qcow2(int fd) {
  char magic[4];
  return pread(fd, magic, 4, lseek(fd, 0, SEEK_CUR)) == 4 && std::string_view(magic, 4) == std::string_view("QFI\xfb", 4);
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
  Parts parts;
  if (image.rootfs >= 0) {
    bool vm = image.type.empty() ? is_qcow2(image.rootfs) : image.type == "virtual-machine";
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
  request.upload = parts.upload(progress);
  return TRY(server.send_query(ctx, std::move(request))).operation;
}

}  // namespace cli
