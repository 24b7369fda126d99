// Files of an instance or volume over SFTP, with the few compound steps that push, pull and create share.
#pragma once
#include <functional>
#include <string>

#include "applets/cli/call.h"
#include "sys/sftp_client.h"

namespace cli {

/// What a new file gets; -1 leaves it as the server makes it.
struct Ownership {
  int64_t uid = -1, gid = -1, mode = -1;
};

/// --uid, --gid and --mode. Errors: invalid.
Result<Ownership> ownership_flags(Call& call);

/// A path among the files of an instance or a volume.
struct FilePlace {
  client::Server server;
  std::string sftp;     ///< path of the API's SFTP endpoint
  std::string path;     ///< absolute, clean
  bool folder = false;  ///< it ended in a slash
  std::string name = "";  ///< its last part as it was typed; empty for "." and "..", which mean the folder's content
};
/// `[<remote>:]<instance>[/<path>]`. Errors: those of finding the remote.
Result<FilePlace> instance_place(Call& call, const Arg& arg);
/// `[<remote>:]<pool>` and `<volume>[/<path>]` of a custom volume.
Result<FilePlace> volume_place(Call& call, const Arg& pool, const Arg& volume);

class RemoteFiles {
 public:
  static Result<RemoteFiles> connect(Call& call, const FilePlace& place);

  sys::sftp::Client& sftp() { return client_; }
  /// Of something the user named. Errors: not_found ("file does not exist").
  Result<sys::sftp::Attributes> lstat(const std::string& path);
  /// Writes what the descriptor `source` gives (-1: nothing); existing content is replaced. `progress` may be empty.
  Result<> write_file(const std::string& path, const Ownership& owner, int source, const std::function<void(uint64_t done)>& progress);
  Result<> make_folder(const std::string& path, const Ownership& owner);
  /// `path` and what is missing above it. Errors: invalid if a part is no folder.
  Result<> make_folders(const std::string& path, const Ownership& owner);
  Result<> make_link(const std::string& target, const std::string& path);
  Result<> set_owner(const std::string& path, const Ownership& owner);

 private:
  explicit RemoteFiles(sys::sftp::Client client) : client_(std::move(client)) {}
  sys::sftp::Client client_;
};

/// "/a/../b//" -> "/b".
std::string clean_path(const std::string& path);

inline bool is_folder(const sys::sftp::Attributes& attributes) { return S_ISDIR(attributes.mode); }
inline bool is_link(const sys::sftp::Attributes& attributes) { return S_ISLNK(attributes.mode); }

/// -r, -a, -H, -L, -P as push and pull take them.
struct Following {
  bool recursive, follow, dereference, never;
};
Result<Following> following_flags(Call& call);

}  // namespace cli
