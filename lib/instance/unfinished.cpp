#include "instance/unfinished.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.h"
#include "base/strings.h"
#include "instance/remove.h"

namespace instance {
namespace {

std::string active_mark(const Instance& instance) { return instance.run_path() + "/active"; }

std::string folder_of(const Services& services) { return services.paths.in_var("unfinished"); }
std::string path_of(const Services& services, int64_t id) { return folder_of(services) + "/" + std::to_string(id); }

}  // namespace

void mark_active(const Instance& instance, bool active) {
  if (!active) unlink(active_mark(instance).c_str());
  else UniqueFd(open(active_mark(instance).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

bool marked_active(const Instance& instance) { return access(active_mark(instance).c_str(), F_OK) == 0; }

Result<> mark_unfinished(const Services& services, int64_t id) {
  mkdir(folder_of(services).c_str(), 0700);
  UniqueFd fd(open(path_of(services, id).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed marking the instance as unfinished");
  return {};
}

void clear_unfinished(const Services& services, int64_t id) { unlink(path_of(services, id).c_str()); }

void remove_unfinished(const Context& ctx, Manager& manager) {
  const Services& services = manager.services();
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(services), error)) {
    auto id = parse_int(entry.path().filename().string());
    if (!id) continue;
    for (const InstancePtr& instance : manager.list()) {
      if (instance->view()->row.id != *id) continue;
      log_warn("Removing an instance whose creation or deletion was cut short", {{"instance", instance->full_name()}});
      auto removed = remove(Job{.ctx = ctx}, instance, true);
      if (!removed) log_error("Failed removing an unfinished instance", {{"instance", instance->full_name()}, {"error", removed.error().message()}});
    }
    clear_unfinished(services, *id);
  }
}

}  // namespace instance
