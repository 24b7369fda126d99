// Which NICs of which instances hang on a network, read from the database with profiles applied.
#pragma once
#include <functional>
#include <vector>

#include "core/project_cache.h"
#include "network/network.h"

namespace network {

/// One NIC device of an instance, config merged over its profiles.
struct AttachedNic {
  std::string project, instance, device;
  std::string location;
  StringMap config;
  StringMap volatiles;  ///< volatile.<device>.* without that prefix
  /// From the config, else the generated one; lower case.
  std::string hwaddr() const;
};

/// The reservation it asks for: "none" and static in-guest addresses ("10.0.0.5/24") don't count.
Reservation reservation_of(const AttachedNic& nic);

/// NICs of all instances that use the network, by name or as their parent. `instance_project` limits to instances of one project.
Result<std::vector<AttachedNic>> attached_nics(const Environment& env, const Record& network, const std::string& instance_project = "");
/// Every NIC of every instance.
Result<std::vector<AttachedNic>> all_nics(const Environment& env, const std::string& instance_project = "");
/// And every InfiniBand device: all that may have an interface of the host.
Result<std::vector<AttachedNic>> all_interfaces(const Environment& env);
/// Does the device config refer to the network `name` of a type?
bool uses_network(const StringMap& device, const std::string& name, std::string_view type);

/// Who uses which network, as of one state of the database.
class Usage {
 public:
  static Result<std::shared_ptr<const Usage>> load(const Environment& env);
  /// URLs of networks, profiles and instances that use a network (of `project`); with `first_only` at most a few.
  StringList users(const std::string& project, const std::string& name, const std::string& type, bool first_only) const;

 private:
  /// A device that may refer to a network.
  struct User {
    std::string kind, name, project;
    std::shared_ptr<const core::ProjectInfo> info;
    std::vector<StringMap> nics;
  };
  struct Uplink {
    std::string name, project, network, parent;
  };
  std::vector<Uplink> networks_;
  std::vector<User> users_;  ///< profiles, then instances
};

}  // namespace network
