// `incus image export`: the image's file, or its metadata and root file system, into local files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/image/common.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/progress.h"
#include "archive/stream.h"
#include "imagefmt/multipart.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

/// filename="x" of a Content-Disposition; its last path part only, because the server is not trusted to choose folders.
std::string file_name(std::string_view disposition) {
  size_t at = disposition.find("filename=");
  if (at == std::string_view::npos) return "";
  std::string name(trim(disposition.substr(at + 9)));
  std::erase(name, '"');
  return fs::path(name.substr(0, name.find(';'))).filename();
}

/// What was written where.
struct Written {
  std::string meta_name, rootfs_name;
  bool split = false;
};

/// The request runs in a thread of its own; the body is taken apart here while it arrives.
class Download {
 public:
  Download(Call& call, client::Server& server, const std::string& path, Progress& progress)
      : pipe_([&call, &server, path, &progress, this](const archive::Sink& out) { return fetch(call, server, path, progress, out); }) {}

  Result<Written> save(int meta, int rootfs) {
    std::string first(TRY(pipe_.next()));  // from here on the head is known
    auto boundary = imagefmt::multipart_boundary(content_type_);
    if (!boundary) {
      TRY(client::sink_fd(meta)(first));
      for (std::string_view data; !(data = TRY(pipe_.next())).empty();) TRY(client::sink_fd(meta)(data));
      return Written{file_name(disposition_), "", false};
    }
    return save_parts(*boundary, std::move(first), meta, rootfs);
  }

 private:
  Result<> fetch(Call& call, client::Server& server, const std::string& path, Progress& progress, const archive::Sink& out) {
    client::Request request{.target = path};
    uint64_t done = 0, total = 0;
    request.on_headers = [&](const client::Answer& answer) -> Result<> {
      content_type_ = answer.headers.get("Content-Type");
      disposition_ = answer.headers.get("Content-Disposition");
      total = answer.content_length.value_or(0);
      return {};
    };
    request.sink = [&](std::string_view data) {
      done += data.size();
      if (total) progress.update(std::format("{}%", done * 100 / total));
      return out(data);
    };
    TRY(server.send(call.ctx, std::move(request)));
    return {};
  }

  Result<Written> save_parts(const std::string& boundary, std::string first, int meta, int rootfs) {
    std::string waiting = std::move(first);
    archive::Source source = [&](std::span<char> buffer) -> Result<size_t> {
      if (waiting.empty()) waiting = TRY(pipe_.next());
      size_t n = waiting.copy(buffer.data(), buffer.size());
      waiting.erase(0, n);
      return n;
    };
    imagefmt::MultipartReader reader(source, boundary);
    Written written{.meta_name = "", .rootfs_name = "", .split = true};
    while (auto part = TRY(reader.next())) {
      bool metadata = part->name == "metadata";
      (metadata ? written.meta_name : written.rootfs_name) = fs::path(part->filename).filename();
      for (std::string_view data; !(data = TRY(reader.read())).empty();) TRY(client::sink_fd(metadata ? meta : rootfs)(data));
    }
    return written;
  }

  std::string content_type_, disposition_;
  archive::Pipe pipe_;  // last: its thread uses the fields above
};

/// Gives the files the names the server suggests, where the user named only a folder.
void rename_files(const fs::path& meta, const fs::path& rootfs, const fs::path& target, bool has_target, const Written& written) {
  std::error_code ignored;
  if (!written.split) fs::remove(rootfs, ignored);
  if (fs::is_directory(target)) {
    if (!written.meta_name.empty()) fs::rename(meta, target / written.meta_name, ignored);
    if (written.split && !written.rootfs_name.empty()) fs::rename(rootfs, target / written.rootfs_name, ignored);
  } else if (!written.split && has_target && written.meta_name.contains('.')) {
    fs::rename(meta, meta.string() + written.meta_name.substr(written.meta_name.find('.')), ignored);
  }
}

}  // namespace

Result<> export_image(Call& call) {
  ImageTarget image = TRY(image_target(call, call.args[0], true));
  bool has_target = !call.args[1].skipped;
  fs::path target = call.args[1].get(".");
  fs::path meta = has_target && !fs::is_directory(target) ? target : (has_target ? target : fs::path()) / image.fingerprint;
  fs::path rootfs = meta.string() + ".root";
  UniqueFd meta_fd(open(meta.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  UniqueFd rootfs_fd(open(rootfs.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!meta_fd || !rootfs_fd) return fail_errno("open " + meta.string());
  Progress progress("Exporting the image: {}", call.quiet());
  auto written = Download(call, image.server, image.path() + "/export", progress).save(meta_fd.get(), rootfs_fd.get());
  if (!written) {
    progress.done();
    unlink(meta.c_str());
    unlink(rootfs.c_str());
    return std::unexpected(written.error());
  }
  rename_files(meta, rootfs, target, has_target, *written);
  progress.done("Image exported successfully!");
  return {};
}

}  // namespace cli
