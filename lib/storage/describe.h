// Rows of pools and volumes as the API and backup files show them.
#pragma once
#include "api/json.h"
#include "api/types/storage_pool.h"
#include "api/types/storage_pool_volume.h"
#include "db/pools.h"
#include "db/volumes.h"

namespace storage {

/// Without used_by.
api::StoragePool to_api(const db::pools::Row& row);
api::StorageVolume to_api(const db::volumes::Row& row);
/// {volume, volume_snapshots}: what a backup says of a volume; the second only where asked for and not empty.
Result<Json> describe_volume(db::Tx& tx, const db::volumes::Row& row, bool snapshots);

}  // namespace storage
