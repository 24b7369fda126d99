// The daemon's own folders on storage volumes: storage.images_volume, storage.backups_volume and storage.logs_volume.
#pragma once
#include "applets/daemon/daemon.h"

namespace incusd {

/// The folder such a key moves; empty for other keys.
std::string folder_of_key(const Daemon& daemon, const std::string& key);
/// May the key have this value ("POOL/VOLUME")? Errors: invalid, not_found (pool or volume). Blocks.
Result<> check_own_volume(const Context& ctx, Daemon& daemon, const std::string& key, const std::string& value);
/// Moves the folder's content onto the volume, or back where `value` is empty; the folder becomes a link to the volume.
/// At every moment the folder is there with all of its content. Errors: internal (nothing has changed then). Blocks for long.
Result<> move_own_folder(const Context& ctx, Daemon& daemon, const std::string& key, const std::string& value);
/// At start, once pools are mounted: mounts the volumes and mends the links; failures are logged.
void mount_own_volumes(const Context& ctx, Daemon& daemon);

}  // namespace incusd
