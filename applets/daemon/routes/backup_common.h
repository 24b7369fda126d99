// What backups of instances and volumes share on the API: where files are kept, names, compression, sending them.
#pragma once
#include "applets/daemon/routes/common.h"
#include "archive/tar_writer.h"

namespace incusd {

/// The request's compressor, else the project's, else the server's. Errors: invalid.
Result<archive::CompressionChoice> backup_compression(Daemon& daemon, const std::string& project, const std::string& wanted);
/// "backup0", … : one more than the highest of `taken`.
std::string next_backup_name(const StringList& taken);
/// <var>/backups/<kind>/<owner>
std::string backup_folder(const Daemon& daemon, const std::string& kind, const std::string& owner);
/// Writes a backup with `fill` to `path`; nothing is left there on an error.
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
