// What the routes about networks and their parts share: project rules, visibility, the network a path names.
#pragma once
#include <memory>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"
#include "network/network.h"
#include "network/projects.h"

namespace incusd {

/// The project of a request about networks, and where those networks are stored.
struct NetworkScope {
  core::ProjectInfo project;
  std::string stored_in;
};
/// Without `name`: for collections and changes, where shared networks of the default project don't count.
Result<NetworkScope> network_scope(Call& call, const std::string& name = "");

/// The network that the path parameter `name` means. Errors: not_found, also where the project may not see it.
Result<std::shared_ptr<network::Network>> find_network(Call& call, bool shared = false);

/// May the caller see it? `managed`: it is one of ours.
bool may_view_network(Call& call, const NetworkScope& scope, const std::string& name, bool managed);
/// Only what lies in projects the caller sees.
StringList visible_users(const core::Identity& identity, StringList urls);
/// "/1.0/<path>", with ?project= unless it is the default one.
std::string network_url(const std::string& path, const std::string& project);
/// Emits a lifecycle event with the caller as requestor.
void network_event(Call& call, const std::string& project, const std::string& action, const std::string& url, Json context = nullptr);

}  // namespace incusd
