// Backups to and from files: downloads that take their name from their compression, uploads with progress.
#pragma once
#include <string>

#include "applets/cli/call.h"

namespace cli {

struct BackupDownload {
  std::string collection;    ///< "/1.0/instances/c1/backups": the request is POSTed there, the answer is the file
  Json request;              ///< the backup's options
  std::string name;          ///< of the object: the default file's name without its ending
  const Arg* target;         ///< the file's path, "-" for standard output; skipped for the default
  std::string fetch_problem; ///< put before errors of the transfer
};

/// Errors: conflict (the file exists and --force is off), the server's. Prints "Backup exported successfully!" at the end.
Result<> download_backup(Call& call, client::Server& server, BackupDownload download);

struct BackupUpload {
  std::string collection;  ///< POSTed there
  std::string path;        ///< of the file, "-" for standard input
  StringMap headers;       ///< X-Incus-name…
  std::string progress;    ///< "Importing instance: {}"
};

/// Uploads and waits for the operation. Errors: internal (the file), the server's.
Result<> upload_backup(Call& call, client::Server& server, const BackupUpload& upload);

}  // namespace cli
