// The files of an instance over SFTP.
#pragma once
#include "instance/manager.h"

namespace instance {

struct FileConnection {
  UniqueFd socket;             ///< an SFTP server speaks on it
  std::shared_ptr<void> hold;  ///< keeps the volume of a stopped instance mounted
};
/// Errors: those of mounting. Blocks.
Result<FileConnection> connect_files(const Context& ctx, const InstancePtr& instance);

}  // namespace instance
