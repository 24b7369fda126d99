// Unpacked images of a pool: unpacked once, then copied for every new instance.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "base/context.h"
#include "storage/driver.h"

namespace storage {

/// Lives in the pool's "images" folder. Thread-safe: an image in use can't be forgotten meanwhile.
class ImageCache {
 public:
  ImageCache(std::string pool_path, std::string image_folder, VolumeOps& volumes)
      : folder_(std::move(pool_path) + "/images"), images_(std::move(image_folder)), volumes_(volumes) {}

  /// A folder with the image's content; it stays as long as the handle. Unpacks at the first use. Errors: those of imagefmt::unpack.
  Result<Mounted> use(const Context&, const std::string& fingerprint, const Progress&);
  void forget(const Context&, const std::string& fingerprint);
  /// Half-unpacked ones of a crash, and those of images that are gone.
  void sweep(const Context&);

 private:
  std::shared_ptr<std::shared_mutex> lock_of(const std::string& fingerprint);
  Result<> unpack(const Context&, const std::string& fingerprint, const Progress&);
  Volume volume(const std::string& name) const { return {.type = VolumeType::image, .content = ContentType::filesystem, .name = name, .snapshot = {}, .config = {}}; }

  std::string folder_, images_;
  VolumeOps& volumes_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::shared_mutex>> locks_;
};

}  // namespace storage
