// Config keys of pools and volumes that every driver knows, and the checks made on a whole config.
#pragma once
#include "config/key.h"
#include "storage/driver.h"

namespace storage {

config::Keys common_pool_keys();
/// Keys of volumes, which pools also take as defaults under "volume.".
config::Keys volume_keys();

/// Errors: invalid: `Invalid option "x"`, `Invalid value for option "x": …`.
Result<> check_pool_config(const Driver& driver, const StringMap& config);
/// Errors: invalid: `Invalid option for volume "v" option "x"`, `Invalid value for volume "v" option "x": …`.
Result<> check_volume_config(const Volume& volume, const std::string& name, const StringMap& config);
/// The pool's "volume.*" defaults put under what the user gave, as far as they fit this kind of volume.
StringMap with_defaults(const Volume& volume, const StringMap& pool_config, StringMap config);

}  // namespace storage
