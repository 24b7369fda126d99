#include "storage/folder_volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"
#include "base/units.h"

namespace storage {

Result<> prepare_folder(const std::string& folder, const Volume& volume) {
  if (chmod(folder.c_str(), root_mode(volume)) != 0) return fail_errno("Failed to set the mode of " + folder);
  int64_t uid = parse_int(get_or(volume.config, "initial.uid")).value_or(0), gid = parse_int(get_or(volume.config, "initial.gid")).value_or(0);
  if ((uid || gid) && chown(folder.c_str(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) return fail_errno("Failed to set the owner of " + folder);
  if (volume.content != ContentType::block) return {};
  std::string disk = folder + "/" + disk_name(volume.content);
  UniqueFd fd(open(disk.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed to create " + disk);
  int64_t size = parse_byte_size(get_or(volume.config, "size", "0")).value_or(0);
  if (ftruncate(fd.get(), size) != 0) return fail_errno("Failed to size " + disk);
  return {};
}

Result<> make_snapshots_folder(const std::string& root, const Volume& volume) {
  std::string folder = root + "/" + snapshots_path(volume);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("Failed to create " + folder);
  return {};
}

Result<> rename_folder(const std::string& root, const Volume& from, const Volume& to) {
  std::string old_path = root + "/" + relative_path(from), new_path = root + "/" + relative_path(to);
  if (::rename(old_path.c_str(), new_path.c_str()) != 0) return fail_errno("Failed to rename volume folder " + old_path);
  if (from.is_snapshot() || from.type == VolumeType::image) return {};
  std::string old_snapshots = root + "/" + snapshots_path(from), new_snapshots = root + "/" + snapshots_path(to);
  if (::rename(old_snapshots.c_str(), new_snapshots.c_str()) == 0 || errno == ENOENT) return {};
  Failure failure = fail_errno("Failed to rename snapshots folder " + old_snapshots);
  (void)::rename(new_path.c_str(), old_path.c_str());
  return failure;
}

std::optional<int64_t> disk_usage(const std::string& folder, const Volume& volume) {
  if (volume.content == ContentType::filesystem) return std::nullopt;
  struct stat info;
  if (stat((folder + "/" + disk_name(volume.content)).c_str(), &info) != 0) return std::nullopt;
  return info.st_blocks * 512;
}

Result<> resize_disk(const std::string& folder, const Volume& volume, int64_t bytes) {
  if (volume.content != ContentType::block || bytes <= 0) return {};
  std::string disk = folder + "/" + disk_name(volume.content);
  struct stat info;
  if (stat(disk.c_str(), &info) != 0) return fail_errno("Cannot look at " + disk);
  if (bytes < info.st_size) return fail(Code::invalid, "Block volumes cannot be shrunk");
  if (truncate(disk.c_str(), bytes) != 0) return fail_errno("Failed to grow " + disk);
  return {};
}

Result<Mounted> mounted_folder(const std::string& folder, const Volume& volume) {
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return fail(Code::not_found, "Storage volume folder {} is missing", quote(folder));
  std::string disk = disk_name(volume.content);
  return Mounted{disk.empty() ? folder : folder + "/" + disk, nullptr};
}

}  // namespace storage
