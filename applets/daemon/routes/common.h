// What routes of most collections share: URLs with their project, lifecycle events, which users of an object a caller sees.
#pragma once
#include <string>

#include "applets/daemon/daemon.h"
#include "applets/daemon/route.h"

namespace incusd {

/// "/1.0/<path>", with ?project= unless it is the default one.
std::string entity_url(const std::string& path, const std::string& project = "default");
/// Emits a lifecycle event with the caller as requestor.
void emit(Call& call, const std::string& project, const std::string& action, const std::string& url, Json context = nullptr);
/// Only URLs in projects the caller sees.
StringList visible_to(const core::Identity& identity, StringList urls);

}  // namespace incusd
