#include "applets/image/exported.h"

#include <filesystem>

#include "sys/spawn.h"

namespace builder {

Result<imagefmt::Files> export_image(const Context& ctx, const std::string& name, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  TRY(sys::run(ctx, sys::self_spec("incus", {"image", "export", "--quiet", name, folder + "/image"})));
  imagefmt::Files files;  // the client gives each an ending
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) (entry.path().extension() == ".root" ? files.rootfs : files.metadata) = entry.path();
  return files;
}

}  // namespace builder
