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

  /// What of an image is wanted.
  struct Want {
    const std::string& fingerprint;
    ContentType content = ContentType::filesystem;  ///< block: it has a disk instead of a root file system
    int64_t most_bytes = 0;                         ///< the disk is not to be larger; 0: however large it is
  };
  /// A folder with the image's content; it stays as long as the handle. Unpacks at the first use. Errors: those of imagefmt::unpack and unpack_disk.
  Result<Mounted> use(const Context&, const Want&, const Progress&);
  void forget(const Context&, const std::string& fingerprint);
  /// Half-unpacked ones of a crash, and those of images that are gone.
  void sweep(const Context&);

 private:
  std::shared_ptr<std::shared_mutex> lock_of(const std::string& fingerprint);
  Result<> unpack(const Context&, const Want&, const Progress&);
  Volume volume(const std::string& name, ContentType content = ContentType::filesystem) const { return {.type = VolumeType::image, .content = content, .name = name, .snapshot = {}, .config = {}}; }

  std::string folder_, images_;
  VolumeOps& volumes_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::shared_mutex>> locks_;
};

}  // namespace storage
