// What drivers share whose volumes are folders: modes, disk files in them, renaming.
#pragma once
#include "storage/driver.h"

namespace storage {

/// Mode, owner and, for block volumes, the disk file of a new volume's folder.
Result<> prepare_folder(const std::string& folder, const Volume& volume);
Result<> make_snapshots_folder(const std::string& root, const Volume& volume);
/// The folder and that of its snapshots; both or none.
Result<> rename_folder(const std::string& root, const Volume& from, const Volume& to);
/// Bytes of a block volume's disk file; nothing for file systems.
std::optional<int64_t> disk_usage(const std::string& folder, const Volume& volume);
/// Errors: invalid (shrinking). Nothing to do for file systems.
Result<> resize_disk(const std::string& folder, const Volume& volume, int64_t bytes);
/// Errors: not_found.
Result<Mounted> mounted_folder(const std::string& folder, const Volume& volume);

}  // namespace storage
