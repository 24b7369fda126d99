// What backups of instances and volumes share on the API: where files are kept, names, compression, sending them.
#pragma once
#include "applets/daemon/routes/common.h"
#include "archive/tar_writer.h"

namespace incusd {

/// The request's compressor, else the project's, else the server's. Errors: invalid.
Result<archive::CompressionChoice> backup_compression(Daemon& daemon, const std::string& project, const std::string& wanted);
/// "backup0", … : one more than the highest of `taken`.
std::string next_backup_name(const StringList& taken);
template <class Row>
StringList names_of(const std::vector<Row>& rows) {
  StringList names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}
/// <var>/backups/<kind>/<owner>
std::string backup_folder(const Daemon& daemon, const std::string& kind, const std::string& owner);
/// What a backup is of: where its rows are and its files.
struct BackupKind {
  std::string_view name;  ///< as in backup_folder()
  Result<> (*remove)(db::Tx& tx, int64_t id);
};
extern const BackupKind kInstanceBackups, kVolumeBackups;

/// Makes the row of a new backup with `create`, so that its name is taken and it is listed before its file is written; settle_backup() has to follow.
Result<int64_t> reserve_backup(Daemon& daemon, const BackupKind& kind, const std::function<Result<int64_t>(db::Tx&)>& create);
/// The backup is `written`, or its row goes; that outcome again.
Result<> settle_backup(Daemon& daemon, const BackupKind& kind, int64_t id, Result<> written);
/// At the daemon's start, before the API: rows of backups whose writing was cut short.
void remove_unfinished_backups(Daemon& daemon);

/// Writes a backup with `fill` to `path`, which appears when it is whole and replaces a file there.
Result<> write_backup_file(const Context& ctx, const std::string& path, const archive::CompressionChoice& compression, core::Operation* operation,
                           const std::function<Result<>(const Context&, archive::TarWriter&)>& fill);
/// The same straight to the client: without a file, but for a squashfs, which can't be written from its beginning to its end.
http::Response stream_backup(Daemon& daemon, const archive::CompressionChoice& compression, std::function<Result<>(const Context&, archive::TarWriter&)> fill);
/// A stored backup as a download.
Result<Reply> send_backup(const std::string& path);
/// The whole body into an unnamed temporary file, rewound. Errors: internal.
Result<UniqueFd> receive_backup(Call& call);
/// Was the answer asked for as a stream (direct backup)? Errors: invalid (a name was given too).
Result<bool> wants_stream(Call& call, const std::string& name, bool target);

}  // namespace incusd
