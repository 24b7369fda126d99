// Moving an instance to another pool or project of this server.
#pragma once
#include "instance/manager.h"

namespace instance {

struct MoveOptions {
  std::string name;
  std::string pool;     ///< empty: the one it is in
  std::string project;
  bool instance_only = false;
  StringMap config;        ///< laid over the instance's own
  api::DevicesMap devices;
  std::optional<StringList> profiles;
};
/// Copies, deletes the source, and keeps the identity. Errors: invalid (it runs), conflict. Blocks.
Result<> move(const Job& job, const InstancePtr& instance, const MoveOptions& options);

}  // namespace instance
