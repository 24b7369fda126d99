// `incus image export`: the image's file, or its metadata and root file system, into local files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "applets/cli/image/common.h"
#include "applets/cli/image/files.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/progress.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

/// Gives the files the names the server suggests, where the user named only a folder.
void rename_files(const fs::path& meta, const fs::path& rootfs, const fs::path& target, bool has_target, const ImageFiles& written) {
  std::error_code ignored;
  if (!written.split) fs::remove(rootfs, ignored);
  if (fs::is_directory(target)) {
    if (!written.meta_name.empty()) fs::rename(meta, target / written.meta_name, ignored);
    if (written.split && !written.rootfs_name.empty()) fs::rename(rootfs, target / written.rootfs_name, ignored);
  } else if (!written.split && has_target && written.meta_name.contains('.')) {
    fs::rename(meta, meta.string() + written.meta_name.substr(written.meta_name.find('.')), ignored);
  }
}

}  // namespace

Result<> export_image(Call& call) {
  ImageTarget image = TRY(image_target(call, call.args[0], true));
  bool has_target = !call.args[1].skipped;
  fs::path target = call.args[1].get(".");
  fs::path meta = has_target && !fs::is_directory(target) ? target : (has_target ? target : fs::path()) / image.fingerprint;
  fs::path rootfs = meta.string() + ".root";
  UniqueFd meta_fd(open(meta.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  UniqueFd rootfs_fd(open(rootfs.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!meta_fd || !rootfs_fd) return fail_errno("open " + meta.string());
  Progress progress("Exporting the image: {}", call.quiet());
  auto written = download_image(call, image.server, image.fingerprint, progress, meta_fd.get(), rootfs_fd.get());
  if (!written) {
    progress.done();
    unlink(meta.c_str());
    unlink(rootfs.c_str());
    return std::unexpected(written.error());
  }
  rename_files(meta, rootfs, target, has_target, *written);
  progress.done("Image exported successfully!");
  return {};
}

}  // namespace cli
