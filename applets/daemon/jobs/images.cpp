// Images: cached ones that nobody used go, copies of other servers' images are renewed.
#include "applets/daemon/jobs/job.h"
#include "image/refresh.h"

namespace incusd {
namespace {

// A look at whether anything changed costs nothing; so both follow a change of their settings within seconds.
constexpr seconds kLook{5};

/// True if `key` was never seen or has changed since the last time, or `every` has passed.
bool due(Clock::time_point& last, std::string& seen, const std::string& value, Duration every) {
  auto now = Clock::now();
  if (last != Clock::time_point() && value == seen && now < last + every) return false;
  last = now;
  seen = value;
  return true;
}

Result<> expire_images(const Context& ctx, Daemon& daemon) {
  static Clock::time_point last;
  static std::string seen;
  if (!due(last, seen, get_or(*daemon.config.get(), "images.remote_cache_expiry"), std::chrono::hours(24))) return {};
  image::remove_expired({ctx}, *daemon.images, Timestamp::now());
  return {};
}

Result<> update_images(const Context& ctx, Daemon& daemon) {
  static Clock::time_point last;
  static std::string seen;
  std::string interval = get_or(*daemon.config.get(), "images.auto_update_interval", "6");
  auto hours = parse_int(interval).value_or(6);
  if (hours <= 0 || !due(last, seen, interval, std::chrono::hours(hours))) return {};
  image::refresh_all({ctx}, *daemon.images);
  return {};
}

}  // namespace

extern const Job expire_images_job = {"expire images", kLook, true, expire_images};
extern const Job update_images_job = {"update images", kLook, true, update_images};

}  // namespace incusd
