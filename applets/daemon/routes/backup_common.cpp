#include "applets/daemon/routes/backup_common.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "archive/squashfs.h"
#include "base/reverter.h"
#include "base/units.h"
#include "http/receive_file.h"

namespace incusd {

Result<archive::CompressionChoice> backup_compression(Daemon& daemon, const std::string& project, const std::string& wanted) {
  std::string text = wanted;
  if (text.empty()) {
    auto info = TRY(daemon.projects->get(project));
    text = get_or(info.config, "backups.compression_algorithm", get_or(*daemon.config.get(), "backups.compression_algorithm", "gzip"));
  }
  return archive::parse_compression(text);
}

std::string next_backup_name(const StringList& taken) {
  int64_t next = 0;
  for (const std::string& name : taken) {
    if (!name.starts_with("backup")) continue;
    if (auto number = parse_int(name.substr(6))) next = std::max(next, *number + 1);
  }
  return std::format("backup{}", next);
}

std::string backup_folder(const Daemon& daemon, const std::string& kind, const std::string& owner) { return daemon.paths.in_var("backups/" + kind + "/" + owner); }

Result<> write_backup_file(const Context& ctx, const std::string& path, const archive::CompressionChoice& compression, core::Operation* operation,
                           const std::function<Result<>(const Context&, archive::TarWriter&)>& fill) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Error opening backup tarball for writing " + quote(path));
  Reverter undo;
  undo.add("remove " + path, [&](const Context&) -> Result<> { return unlink(path.c_str()) == 0 ? Result<>() : fail_errno("unlink " + path); });
  archive::Sink file = archive::sink_to_fd(fd.get());
  int64_t done = 0;
  auto start = Clock::now();
  archive::Sink sink = [&](std::string_view data) -> Result<> {
    done += static_cast<int64_t>(data.size());
    if (operation) {
      double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
      int64_t speed = elapsed > 0 ? static_cast<int64_t>(static_cast<double>(done) / elapsed) : 0;
      operation->progress("create_backup", std::format("{} ({}/s)", format_byte_size_decimal(done), format_byte_size_decimal(speed)), 0, speed);
    }
    return file(data);
  };
  auto tar = TRY(archive::create_archive(fd.get(), sink, compression, Timestamp::now().seconds));
  TRY(fill(ctx, *tar));
  TRY(tar->finish());
  undo.commit();
  return {};
}

namespace {

/// Unnamed, beside the stored backups.
Result<UniqueFd> temporary_file(Daemon& daemon) {
  std::string folder = daemon.paths.in_var("backups");
  UniqueFd fd(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Cannot create a temporary file in " + folder);
  return fd;
}

}  // namespace

http::Response stream_backup(Daemon& daemon, const archive::CompressionChoice& compression, std::function<Result<>(const Context&, archive::TarWriter&)> fill) {
  http::Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.writer = [&daemon, compression, fill = std::move(fill)](const Context& ctx, http::Stream& stream) -> Result<> {
    archive::Sink sink = [&](std::string_view data) { return stream.write(ctx, data); };
    bool through_file = compression.method == archive::Compression::squashfs;
    UniqueFd file = through_file ? TRY(temporary_file(daemon)) : UniqueFd();
    auto tar = TRY(archive::create_archive(file.get(), sink, compression, Timestamp::now().seconds));
    TRY(fill(ctx, *tar));
    TRY(tar->finish());
    if (!through_file) return {};
    std::vector<char> buffer(1 << 20);
    archive::Source source = archive::source_from_file(file.get());
    while (size_t got = TRY(source(buffer))) TRY(sink({buffer.data(), got}));
    return {};
  };
  return response;
}

Result<Reply> send_backup(const std::string& path) {
  http::Response response;
  response.file.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!response.file || fstat(response.file.get(), &info) != 0) return fail(Code::not_found, "Backup file is missing");
  response.file_size = static_cast<uint64_t>(info.st_size);
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition", "inline;filename=" + std::filesystem::path(path).filename().string());
  return raw(std::move(response));
}

Result<UniqueFd> receive_backup(Call& call) {
  UniqueFd fd = TRY(temporary_file(call.daemon));
  while (TRY(http::receive_file(call.ctx, *call.request.stream, fd.get(), 1 << 20)) > 0) {}
  return fd;
}

Result<bool> wants_stream(Call& call, const std::string& name, bool target) {
  if (call.request.headers.get("Accept") != "application/octet-stream") return false;
  if (target) return fail(Code::invalid, "application/octet-stream is not a valid content type when a target is defined");
  if (!name.empty()) return fail(Code::invalid, "No backup name can be set when requesting a direct backup with Accept: application/octet-stream");
  return true;
}

}  // namespace incusd
