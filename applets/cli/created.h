// What an operation made.
#pragma once
#include <string>

#include "api/types/operation.h"
#include "base/strings.h"

namespace cli {

/// The name of the first of the operation's resources of a kind ("instances", "storage_volume_snapshots"), "" without one.
inline std::string created_name(const api::Operation& operation, const std::string& kind) {
  auto found = operation.resources.find(kind);
  if (found == operation.resources.end() || found->second.empty()) return "";
  std::string path = found->second.front();
  path = path.substr(0, path.find('?'));
  return url_unescape(path.substr(path.rfind('/') + 1)).value_or("");
}

}  // namespace cli
