// Texts of instance lists, kept as long as nothing changes: a list is one copy of a finished text.
#pragma once
#include "instance/manager.h"

namespace incusd {

struct InstanceQuery {
  std::string project;  ///< empty: all projects
  std::string type;     ///< "container", "virtual-machine"; empty: both
  int recursion = 0;
  std::optional<StringList> visible = {};  ///< with all projects: only these

  auto operator<=>(const InstanceQuery&) const = default;
};

std::vector<instance::InstancePtr> instances_of(const instance::Manager& manager, const InstanceQuery& query);
/// One instance at recursion 1 or 2.
std::string instance_object(const Context& ctx, instance::Instance& instance, int recursion);
/// The whole JSON list. Recursion 2 reads the state of running instances each time.
std::shared_ptr<const std::string> instance_list(const Context& ctx, instance::Manager& manager, const InstanceQuery& query);

}  // namespace incusd
