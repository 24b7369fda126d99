// An image's files on their way to and from a server.
#pragma once
#include "applets/cli/call.h"
#include "applets/cli/progress.h"

namespace cli {

/// The names the server gave to what it sent.
struct ImageFiles {
  std::string meta_name, rootfs_name;
  bool split = false;  ///< metadata and root file system apart; else all is in the metadata file
};

/// Writes to both file descriptors (the second stays empty for a unified image). Blocks. Errors: the server's, internal.
Result<ImageFiles> download_image(Call& call, client::Server& server, const std::string& fingerprint, Progress& progress, int meta, int rootfs);

struct ImageUpload {
  int meta = -1;
  int rootfs = -1;          ///< -1: unified
  int64_t meta_size = -1;   ///< bytes; -1: to the file's end
  int64_t rootfs_size = -1;
  std::string filename;
  std::string rootfs_name = "";
  std::string type = "";    ///< "container", "virtual-machine", or "" to tell by the root file system's format
  bool is_public = false;
  StringMap properties = {};
  StringList profiles = {};
};

/// Sends the files from their current offsets on; the operation's id. Blocks. Errors: the server's, internal.
Result<std::string> upload_image(const Context& ctx, client::Server& server, const ImageUpload& image, Progress& progress);

}  // namespace cli
