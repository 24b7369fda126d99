// A folder for what is only needed while a command runs.
#pragma once
#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "applets/image/stages.h"
#include "archive/remove_tree.h"

namespace builder {

/// Disappears, with all that is in it, when the object does.
class Workspace {
 public:
  /// A new folder in `base`, or in /var/tmp. Errors: internal.
  static Result<Workspace> create(const std::string& base) {
    std::string name = (base.empty() ? std::string("/var/tmp") : base) + "/incus-image.XXXXXX";
    if (!mkdtemp(name.data())) return fail_errno("Cannot make a folder in " + base);
    Workspace out(name);
    for (const char* part : {"/root", "/templates"}) {
      if (mkdir((name + part).c_str(), 0755) != 0) return fail_errno("mkdir");
    }
    return out;
  }
  Workspace(Workspace&& other) noexcept : folder_(std::exchange(other.folder_, "")) {}
  ~Workspace() {
    if (!folder_.empty()) (void)archive::remove_tree(Context(), folder_);
  }
  const std::string& folder() const { return folder_; }
  Tree tree() const { return {folder_ + "/root", folder_ + "/templates", {}}; }

 private:
  explicit Workspace(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace builder
