// Answers to "which instances are there", kept as long as nothing changes: a list is one copy of a finished text.
#pragma once
#include "applets/daemon/route.h"
#include "instance/manager.h"

namespace incusd {

struct InstanceQuery {
  std::string project;  ///< empty: all projects
  std::string type;     ///< "container", "virtual-machine"; empty: both
  std::string filter;   ///< as in ?filter=
  int recursion = 0;
  std::optional<StringList> visible = {};  ///< only what is in these projects

  auto operator<=>(const InstanceQuery&) const = default;
};

/// One instance at recursion 1 or 2.
std::string instance_object(const Context& ctx, instance::Instance& instance, int recursion);

/// GET /1.0/instances. Recursion 2 reads the state of running instances each time.
Result<Reply> list_instances(Call& call);
/// The same where the finished answer is in memory and still true. Errors: unavailable where it is not. Never blocks.
Result<Reply> list_instances_from_memory(Call& call);

}  // namespace incusd
