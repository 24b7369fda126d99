// Backup files.
#include "applets/cli/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "applets/cli/input.h"
#include "applets/cli/progress.h"
#include "applets/cli/wait.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "client/file_upload.h"

namespace cli {

namespace {

/// "12% (3.40MB/s)", or bytes instead of a share where the size is unknown.
class Meter {
 public:
  Meter(Progress& progress, uint64_t total) : progress_(progress), total_(total) {}
  void add(size_t bytes) {
    done_ += bytes;
    auto now = Clock::now();
    if (now - shown_ < milliseconds(200)) return;
    shown_ = now;
    double elapsed = std::chrono::duration<double>(now - start_).count();
    std::string speed = format_byte_size_decimal(static_cast<int64_t>(done_ / std::max(elapsed, 0.001)), 2);
    if (total_) progress_.update(std::format("{}% ({}/s)", done_ * 100 / total_, speed));
    else progress_.update(std::format("{} ({}/s)", format_byte_size_decimal(static_cast<int64_t>(done_), 2), speed));
  }

 private:
  Progress& progress_;
  uint64_t total_, done_ = 0;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
};

/// The usual ending of a tar archive with these first bytes; none for other files.
std::string ending_of(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("\x1f\x8b"sv)) return ".tar.gz";
  if (head.starts_with("BZh"sv)) return ".tar.bz2";
  if (head.starts_with("\xfd""7zXZ"sv)) return ".tar.xz";
  if (head.starts_with("\x5d\0\0"sv)) return ".tar.lzma";
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return ".tar.zst";
  if (head.starts_with("\x04\x22\x4d\x18"sv)) return ".tar.lz4";
  if (head.starts_with("hsqs"sv)) return ".squashfs";
  if (head.starts_with("QFI\xfb"sv)) return ".qcow2";
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return ".tar";
  return "";
}

Result<std::string> head_of(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char head[512];
  ssize_t count = fd ? read(fd.get(), head, sizeof(head)) : -1;
  if (count < 0) return std::unexpected(fail_errno("Failed to read export file").error());
  return std::string(head, count);
}

}  // namespace

Result<> download_backup(Call& call, client::Server& server, BackupDownload download) {
  bool named = !download.target->skipped;
  std::string path = download.target->get("." + download.name + ".backup");
  bool to_stdout = means_stdout(path);
  bool overwrite = call.flags.known("force") && call.flags.on("force");
  if (!to_stdout && named && !overwrite && access(path.c_str(), F_OK) == 0) return fail(Code::conflict, "Target path {} already exists", quote(path));
  UniqueFd file;
  if (!to_stdout) {
    file = UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return fail_errno(std::format("open {}", path));
  }
  Progress progress("Exporting the backup: {}", call.quiet() || to_stdout);
  uint64_t total = 0;
  std::optional<Meter> meter;
  client::Sink write = client::sink_fd(to_stdout ? STDOUT_FILENO : file.get());
  client::Request request{.method = http::Method::post, .target = download.collection, .body = api::dump_json(download.request)};
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Accept", "application/octet-stream");
  request.on_headers = [&](const client::Answer& answer) -> Result<> {
    total = answer.content_length.value_or(0);
    meter.emplace(progress, total);
    return {};
  };
  request.sink = [&](std::string_view piece) -> Result<> {
    TRY(write(piece));
    if (meter) meter->add(piece.size());
    return {};
  };
  auto sent = server.send(call.ctx, std::move(request));
  if (!sent) {
    if (!to_stdout) unlink(path.c_str());
    progress.done();
    return std::unexpected(std::move(sent.error()).wrap(download.fetch_problem));
  }
  if (!named) {
    std::string final_path = download.name + ending_of(TRY(head_of(path)));
    if (rename(path.c_str(), final_path.c_str()) != 0) return fail_errno("Failed to rename export file");
  }
  progress.done(to_stdout ? "" : "Backup exported successfully!");
  return {};
}

Result<> upload_backup(Call& call, client::Server& server, const BackupUpload& upload) {
  bool from_stdin = means_stdin(upload.path);
  UniqueFd file(from_stdin ? dup(STDIN_FILENO) : open(upload.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(std::format("open {}", upload.path));
  Progress progress(upload.progress, call.quiet());
  client::Upload body = client::upload_fd(file.get());
  Meter meter(progress, from_stdin ? 0 : body.size.value_or(0));
  if (auto* whole = body.read.target<client::FileUpload>()) {
    whole->on_progress([&meter, before = uint64_t{0}](uint64_t done, uint64_t) mutable { meter.add(done - std::exchange(before, done)); });
  } else {
    body.read = [&meter, read = body.read](const Context& ctx, std::span<char> buffer) -> Result<size_t> {
      size_t count = TRY(read(ctx, buffer));
      meter.add(count);
      return count;
    };
  }
  client::Request request{.method = http::Method::post, .target = upload.collection, .upload = std::move(body)};
  request.headers.set("Content-Type", "application/octet-stream");
  for (const auto& [name, value] : upload.headers) request.headers.set(name, value);
  Result<client::Reply> reply = server.send_query(call.ctx, std::move(request));
  if (!reply) {
    progress.done();
    return std::unexpected(reply.error());
  }
  Result<api::Operation> operation = reply->operation.empty() ? api::Operation{} : wait_for(call, server, reply->operation, &progress);
  progress.done();
  if (!operation) return std::unexpected(operation.error());
  return {};
}

}  // namespace cli
