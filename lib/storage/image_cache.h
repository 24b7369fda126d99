// Unpacked images of a pool: unpacked once, then copied for every new instance.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

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
    std::string fingerprint;
    ContentType content = ContentType::filesystem;  ///< block: it has a disk instead of a root file system
    int64_t most_bytes = 0;                         ///< the disk is not to be larger; 0: however large it is
  };
  /// A folder with the image's content; it stays as long as the handle. Unpacks if nobody did. Errors: those of imagefmt::unpack and unpack_disk.
  Result<Mounted> use(const Context&, const Want&, const Progress&);
  /// True once for an image that is not unpacked here: where copies cost as much as unpacking, the first who wants it unpacks it for himself with
  /// fill(), and asks for the folder that further ones are copied from with want_soon().
  bool first(const std::string& fingerprint);
  /// Unpacks into the empty folder `target`. The first() of an image whose fill() failed is whoever comes next.
  Result<> fill(const Context&, const Want&, const std::string& target, const Progress&);
  /// Has prepare() unpack it.
  void want_soon(const Want&);
  /// Unpacks what is wanted, in the background. What fails is tried again by use(). Blocks for long; honours ctx.
  void prepare(const Context&);
  /// Ends its unpacking, too.
  void forget(const Context&, const std::string& fingerprint);
  /// Half-unpacked ones of a crash, and those of images that are gone.
  void sweep(const Context&);

 private:
  std::shared_ptr<std::shared_mutex> lock_of(const std::string& fingerprint);
  std::string path_of(const std::string& fingerprint) const { return folder_ + "/" + fingerprint; }
  Result<> unpack_into(const Context&, const Want&, const std::string& folder, const Progress&) const;
  Result<> unpack(const Context&, const Want&, const Progress&);
  Volume volume(const std::string& name, ContentType content = ContentType::filesystem) const { return {.type = VolumeType::image, .content = content, .name = name, .snapshot = {}, .config = {}}; }

  std::string folder_, images_;
  VolumeOps& volumes_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::shared_mutex>> locks_;
  std::set<std::string> claimed_;  ///< had their first()
  std::vector<Want> soon_;
  std::string preparing_;  ///< the image that prepare() works on
  std::stop_source stop_preparing_;
};

}  // namespace storage
