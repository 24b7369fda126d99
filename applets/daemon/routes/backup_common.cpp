#include "applets/daemon/routes/backup_common.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "archive/squashfs.h"
#include "base/log.h"
#include "base/strings.h"
#include "base/units.h"
#include "db/instance_snapshots.h"
#include "db/volumes.h"
#include "http/receive_file.h"
#include "sys/unnamed_file.h"

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

namespace {

/// A mark stands as long as a row has no file. It is made inside the row's transaction: no row is without one.
std::string mark_of(const Daemon& daemon, const BackupKind& kind, int64_t id) {
  return daemon.paths.in_var(std::format("unfinished/backup-{}-{}", kind.name, id));
}

Result<> set_mark(const Daemon& daemon, const BackupKind& kind, int64_t id) {
  mkdir(daemon.paths.in_var("unfinished").c_str(), 0700);
  UniqueFd fd(open(mark_of(daemon, kind, id).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return fd ? Result<>() : fail_errno("Failed marking the backup as unfinished");
}

void clear_mark(const Daemon& daemon, const BackupKind& kind, int64_t id) { unlink(mark_of(daemon, kind, id).c_str()); }

}  // namespace

extern const BackupKind kInstanceBackups = {"instances", db::backups::remove};
extern const BackupKind kVolumeBackups = {"custom", db::volumes::remove_backup};

Result<int64_t> reserve_backup(Daemon& daemon, const BackupKind& kind, const std::function<Result<int64_t>(db::Tx&)>& create) {
  int64_t marked = 0;
  auto id = daemon.global->write([&](db::Tx& tx) -> Result<int64_t> {
    marked = TRY(create(tx));
    TRY(set_mark(daemon, kind, marked));
    return marked;
  });
  if (!id && marked != 0) clear_mark(daemon, kind, marked);
  return id;
}

Result<> settle_backup(Daemon& daemon, const BackupKind& kind, int64_t id, Result<> written) {
  if (!written) TRY(daemon.global->write([&](db::Tx& tx) { return kind.remove(tx, id); }));
  clear_mark(daemon, kind, id);
  return written;
}

void remove_unfinished_backups(Daemon& daemon) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(daemon.paths.in_var("unfinished"), error)) {
    std::string mark = entry.path().filename().string();
    for (const BackupKind* kind : {&kInstanceBackups, &kVolumeBackups}) {
      std::string prefix = std::format("backup-{}-", kind->name);
      auto id = mark.starts_with(prefix) ? parse_int(mark.substr(prefix.size())) : std::nullopt;
      if (!id) continue;
      auto removed = settle_backup(daemon, *kind, *id, fail(Code::cancelled, "The daemon ended while the backup was written"));
      log_warn("Removed a backup that was never finished", {{"kind", std::string(kind->name)}, {"id", std::to_string(*id)}, {"reason", removed.error().message()}});
    }
  }
}

Result<> write_backup_file(const Context& ctx, const std::string& path, const archive::CompressionChoice& compression, core::Operation* operation,
                           const std::function<Result<>(const Context&, archive::TarWriter&)>& fill) {
  std::error_code error;
  std::string folder = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(folder, error);
  UniqueFd fd = TRY_CTX(sys::unnamed_file(folder), "Error opening backup tarball for writing {}", quote(path));
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
  // A file that has this name is of a backup that was cut short: its row would have kept us from here.
  return sys::name_file(fd.get(), path);
}

namespace {

/// Unnamed, beside the stored backups.
Result<UniqueFd> temporary_file(Daemon& daemon) {
  return sys::unnamed_file(daemon.paths.in_var("backups"));
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
