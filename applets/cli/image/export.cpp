// `incus image export`: the image's file, or its metadata and root file system, into local files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/image/common.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/progress.h"
#include "http/multipart.h"

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

/// Takes the answer's body apart while it arrives.
class Receiver {
 public:
  Receiver(int meta, int rootfs, Progress& progress) : meta_(meta), rootfs_(rootfs), progress_(progress) {}

  Result<> head(const client::Answer& answer) {
    total_ = answer.content_length.value_or(0);
    if (auto boundary = http::multipart_boundary(answer.headers.get("Content-Type"))) {
      written_.split = true;
      parts_.emplace(*boundary, [this](const http::Headers& headers) { return part(headers); }, [this](std::string_view data) { return piece(data); });
    } else {
      written_.meta_name = file_name(answer.headers.get("Content-Disposition"));
      current_ = meta_;
    }
    return {};
  }
  Result<> data(std::string_view bytes) {
    done_ += bytes.size();
    if (total_) progress_.update(std::format("{}%", done_ * 100 / total_));
    return parts_ ? parts_->feed(bytes) : piece(bytes);
  }
  const Written& written() const { return written_; }

 private:
  Result<> part(const http::Headers& headers) {
    std::string disposition = headers.get("Content-Disposition");
    bool metadata = disposition.contains("name=\"metadata\"") || disposition.contains("name=metadata");
    current_ = metadata ? meta_ : rootfs_;
    (metadata ? written_.meta_name : written_.rootfs_name) = file_name(disposition);
    return {};
  }
  Result<> piece(std::string_view data) { return client::sink_fd(current_)(data); }

  int meta_, rootfs_, current_ = -1;
  Progress& progress_;
  std::optional<http::MultipartReader> parts_;
  Written written_;
  uint64_t done_ = 0, total_ = 0;
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
  Receiver receiver(meta_fd.get(), rootfs_fd.get(), progress);
  client::Request request{.target = image.path() + "/export"};
  request.sink = [&](std::string_view data) { return receiver.data(data); };
  request.on_headers = [&](const client::Answer& answer) { return receiver.head(answer); };
  if (auto sent = image.server.send(call.ctx, std::move(request)); !sent) {
    progress.done();
    unlink(meta.c_str());
    unlink(rootfs.c_str());
    return std::unexpected(sent.error());
  }
  rename_files(meta, rootfs, target, has_target, receiver.written());
  progress.done("Image exported successfully!");
  return {};
}

}  // namespace cli
