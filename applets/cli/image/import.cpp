// `incus image import`: a tarball, a split pair, a folder or an https URL into a server's store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "applets/cli/image/common.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/input.h"
#include "applets/cli/progress.h"
#include "applets/cli/wait.h"
#include "archive/tar_writer.h"
#include "base/encode.h"

namespace cli {
namespace {

/// An open local file with its size.
struct Source {
  std::string name;
  UniqueFd fd;
  uint64_t size = 0;
};

Result<Source> open_source(const std::string& path) {
  Source source{std::filesystem::path(path).filename(), UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC)), 0};
  if (!source.fd) return fail_errno("open " + path);
  struct stat info;
  if (fstat(source.fd.get(), &info)) return fail_errno("stat " + path);
  source.size = static_cast<uint64_t>(info.st_size);
  return source;
}

/// The start of a qcow2 file marks a virtual machine's disk.
bool is_qcow2(const Source& source) {
  char magic[4];
  return pread(source.fd.get(), magic, 4, 0) == 4 && std::string_view(magic, 4) == std::string_view("QFI\xfb", 4);
}

/// A body made of texts and files, one after the other.
class Parts {
 public:
  void text(std::string value) { parts_.push_back({std::move(value), -1}); }
  void file(const Source& source) { parts_.push_back({"", source.fd.get()}), size_ += source.size; }

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
  };
  Result<size_t> next(std::span<char> buffer) {
    while (at_ < parts_.size()) {
      Part& part = parts_[at_];
      if (part.fd < 0) {
        size_t n = part.text.copy(buffer.data(), buffer.size(), offset_);
        offset_ += n;
        if (n) return n;
      } else {
        ssize_t n = ::read(part.fd, buffer.data(), buffer.size());
        if (n < 0) return fail_errno("Failed reading the image");
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

/// Sends the file or files; the operation's id.
Result<std::string> upload(Call& call, client::Server& server, const std::string& meta_path, const std::string& rootfs_path, const StringMap& properties, Progress& progress) {
  Source meta = TRY(open_source(meta_path));
  std::optional<Source> rootfs;
  if (!rootfs_path.empty()) rootfs = TRY(open_source(rootfs_path));
  client::Request request{.method = http::Method::post, .target = "/1.0/images"};
  Parts parts;
  if (rootfs) {
    std::string boundary = random_secret();
    parts.text(part_head(boundary, "metadata", meta.name));
    parts.file(meta);
    parts.text("\r\n" + part_head(boundary, is_qcow2(*rootfs) ? "rootfs.img" : "rootfs", rootfs->name));
    parts.file(*rootfs);
    parts.text("\r\n--" + boundary + "--\r\n");
    request.headers.set("Content-Type", "multipart/form-data; boundary=" + boundary);
  } else {
    parts.file(meta);
    request.headers.set("Content-Type", "application/octet-stream");
  }
  request.headers.set("X-Incus-filename", meta.name);
  if (call.flags.on("public")) request.headers.set("X-Incus-public", "true");
  if (!properties.empty()) request.headers.set("X-Incus-properties", url_encoded(properties));
  request.upload = parts.upload(progress);
  return TRY(server.send_query(call.ctx, std::move(request))).operation;
}

Result<std::string> from_url(Call& call, client::Server& server, const std::string& url, const StringMap& properties) {
  Json body{{"public", call.flags.on("public")}, {"properties", properties},
            {"source", {{"type", "url"}, {"mode", "pull"}, {"protocol", "direct"}, {"url", url}}}};
  return TRY(server.query(call.ctx, http::Method::post, "/1.0/images", api::dump_json(body))).operation;
}

Result<> pack_members(const Context& ctx, const std::string& folder, int out) {
  auto tar = TRY(archive::TarWriter::create(archive::sink_to_fd(out), TRY(archive::parse_compression("xz"))));
  std::string metadata = TRY_CTX(read_file(folder + "/metadata.yaml", 1 << 20), "{} is no image folder", folder);
  archive::Entry entry;
  entry.path = "metadata.yaml";
  entry.mode = 0644;
  entry.size = static_cast<int64_t>(metadata.size());
  TRY(tar->add(entry, metadata));
  for (const char* member : {"templates", "rootfs"}) {
    UniqueFd dir(open((folder + "/" + member).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (dir) TRY(tar->add_tree(ctx, dir.get(), member));
    else if (errno != ENOENT) return fail_errno("Failed opening " + folder + "/" + member);
  }
  return tar->finish();
}

/// Packs a folder with metadata.yaml, templates/ and rootfs/; the caller unlinks the file.
Result<std::string> pack_folder(const Context& ctx, const std::string& folder) {
  if (geteuid() != 0) return fail(Code::forbidden, "Must run as root to import from directory");
  std::string path = (std::filesystem::temp_directory_path() / "incus_image_XXXXXX").string();
  UniqueFd fd(mkstemp(path.data()));
  if (!fd) return fail_errno("Failed creating a temporary file");
  auto packed = pack_members(ctx, folder, fd.get());
  if (!packed) unlink(path.c_str());
  TRY(std::move(packed));
  return path;
}

struct Unlink {
  std::string path;
  ~Unlink() {
    if (!path.empty()) unlink(path.c_str());
  }
};

}  // namespace

Result<> import_image(Call& call) {
  std::string file = call.args[0].text, rootfs = call.args[1].get();
  client::Server server = TRY(call.server(call.args[2]));
  StringMap properties = TRY(read_pairs(call.args[3]));
  Progress progress("Transferring image: {}", call.quiet());
  Unlink temporary;
  std::string operation;
  if (file.starts_with("https://")) {
    operation = TRY(from_url(call, server, file, properties));
  } else if (file.starts_with("http://")) {
    return fail(Code::invalid, "Only https:// is supported for remote image import");
  } else {
    if (std::filesystem::is_directory(file)) file = temporary.path = TRY(pack_folder(call.ctx, file));
    operation = TRY(upload(call, server, file, rootfs, properties, progress));
  }
  api::Operation ended = TRY(wait_for(call, server, operation, &progress));
  std::string fingerprint = ended.metadata.is_object() ? ended.metadata.value("fingerprint", "") : "";
  if (fingerprint.empty()) return fail(Code::internal, "Bad fingerprint");
  progress.done("Image imported with fingerprint: " + fingerprint);
  StringList aliases = call.flags.list("alias");
  if (call.flags.on("reuse")) TRY(delete_aliased_images(call, server, aliases));
  return ensure_aliases(call, server, aliases, fingerprint);
}

}  // namespace cli
