#include "storage/image_cache.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/log.h"
#include "base/reverter.h"
#include "imagefmt/image_file.h"
#include "sys/beneath.h"

namespace storage {

namespace {
/// Ends the name of a folder that is being filled.
constexpr std::string_view kPartial = ".partial";
}  // namespace

std::shared_ptr<std::shared_mutex> ImageCache::lock_of(const std::string& fingerprint) {
  std::lock_guard guard(mutex_);
  auto& lock = locks_[fingerprint];
  if (!lock) lock = std::make_shared<std::shared_mutex>();
  return lock;
}

Result<Mounted> ImageCache::use(const Context& ctx, const Want& want, const Progress& progress) {
  struct Hold {
    std::shared_ptr<std::shared_mutex> lock;
    std::shared_lock<std::shared_mutex> held;
  };
  auto hold = std::make_shared<Hold>(lock_of(want.fingerprint));
  std::string path = path_of(want.fingerprint);
  for (;;) {
    hold->held = std::shared_lock(*hold->lock);
    if (access(path.c_str(), F_OK) == 0) return Mounted{path, hold};
    hold->held.unlock();
    std::unique_lock exclusive(*hold->lock);
    if (access(path.c_str(), F_OK) != 0) TRY(unpack(ctx, want, progress));
  }
}

bool ImageCache::first(const std::string& fingerprint) {
  std::lock_guard guard(mutex_);
  return access(path_of(fingerprint).c_str(), F_OK) != 0 && claimed_.insert(fingerprint).second;
}

Result<> ImageCache::fill(const Context& ctx, const Want& want, const std::string& target, const Progress& progress) {
  auto outcome = unpack_into(ctx, want, target, progress);
  if (outcome) return outcome;
  std::lock_guard guard(mutex_);
  claimed_.erase(want.fingerprint);
  return outcome;
}

void ImageCache::want_soon(const Want& want) {
  std::lock_guard guard(mutex_);
  soon_.push_back(want);
}

void ImageCache::prepare(const Context& ctx) {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (soon_.empty() || ctx.stopped()) return;
    Want want = std::move(soon_.back());
    soon_.pop_back();
    preparing_ = want.fingerprint;
    std::stop_source stop = stop_preparing_ = std::stop_source();
    lock.unlock();
    std::stop_callback end(ctx.stop_token(), [&] { stop.request_stop(); });
    auto used = use(Context(stop.get_token()), want, nullptr);
    if (!used && !stop.stop_requested()) log_warn("Cannot unpack an image ahead of its use", {{"fingerprint", want.fingerprint}, {"error", used.error().message()}});
    lock.lock();
    preparing_.clear();
  }
}

Result<> ImageCache::unpack_into(const Context& ctx, const Want& want, const std::string& folder, const Progress& progress) const {
  UniqueFd target = TRY(sys::open_directory(folder));
  auto files = imagefmt::files_of(images_, want.fingerprint);
  if (want.content == ContentType::filesystem) return imagefmt::unpack(ctx, files, target.get(), progress);
  return imagefmt::unpack_disk(ctx, files, target.get(), disk_name(want.content), want.most_bytes, progress);
}

Result<> ImageCache::unpack(const Context& ctx, const Want& want, const Progress& progress) {
  Volume partial = volume(want.fingerprint + std::string(kPartial), want.content);
  TRY(volumes_.remove(ctx, partial));
  TRY(volumes_.create(ctx, partial));
  Reverter undo;
  undo.add("remove half-unpacked image", [&](const Context& fresh) { return volumes_.remove(fresh, partial); });
  TRY(unpack_into(ctx, want, path_of(partial.name), progress));
  TRY(volumes_.rename(ctx, partial, volume(want.fingerprint)));
  undo.commit();
  return {};
}

void ImageCache::forget(const Context& ctx, const std::string& fingerprint) {
  {
    std::lock_guard guard(mutex_);
    claimed_.erase(fingerprint);
    std::erase_if(soon_, [&](const Want& want) { return want.fingerprint == fingerprint; });
    if (preparing_ == fingerprint) stop_preparing_.request_stop();
  }
  auto lock = lock_of(fingerprint);
  std::unique_lock exclusive(*lock);
  if (auto removed = volumes_.remove(ctx, volume(fingerprint)); !removed) {
    log_warn("Cannot remove an unpacked image", {{"fingerprint", fingerprint}, {"error", removed.error().message()}});
  }
}

void ImageCache::sweep(const Context& ctx) {
  std::error_code error;
  // The images may be on a volume that is not mounted yet: then nobody knows what is gone.
  if (!std::filesystem::is_directory(images_, error)) return;
  for (const auto& item : std::filesystem::directory_iterator(folder_, error)) {
    std::string name = item.path().filename();
    bool gone = name.ends_with(kPartial) || access((images_ + "/" + name).c_str(), F_OK) != 0;
    if (gone) forget(ctx, name);
  }
}

}  // namespace storage
