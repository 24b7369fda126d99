#include "applets/cli/image/files.h"

#include <filesystem>

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

/// The request runs in a thread of its own; the body is taken apart here while it arrives.
class Download {
 public:
  Download(Call& call, client::Server& server, const std::string& path, Progress& progress)
      : pipe_([&call, &server, path, &progress, this](const archive::Sink& out) { return fetch(call, server, path, progress, out); }) {}

  Result<ImageFiles> save(int meta, int rootfs) {
    std::string first(TRY(pipe_.next()));  // from here on the head is known
    auto boundary = imagefmt::multipart_boundary(content_type_);
    if (!boundary) {
      TRY(client::sink_fd(meta)(first));
      for (std::string_view data; !(data = TRY(pipe_.next())).empty();) TRY(client::sink_fd(meta)(data));
      return ImageFiles{file_name(disposition_), "", false};
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

  Result<ImageFiles> save_parts(const std::string& boundary, std::string first, int meta, int rootfs) {
    std::string waiting = std::move(first);
    archive::Source source = [&](std::span<char> buffer) -> Result<size_t> {
      if (waiting.empty()) waiting = TRY(pipe_.next());
      size_t n = waiting.copy(buffer.data(), buffer.size());
      waiting.erase(0, n);
      return n;
    };
    imagefmt::MultipartReader reader(source, boundary);
    ImageFiles written{.meta_name = "", .rootfs_name = "", .split = true};
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

}  // namespace

Result<ImageFiles> download_image(Call& call, client::Server& server, const std::string& fingerprint, Progress& progress, int meta, int rootfs) {
  return Download(call, server, "/1.0/images/" + url_escape(fingerprint) + "/export", progress).save(meta, rootfs);
}

}  // namespace cli
