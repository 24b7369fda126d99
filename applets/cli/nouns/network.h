// Parts shared by the files of `incus network` and `incus storage volume`.
#pragma once
#include <functional>

#include "applets/cli/call.h"
#include "applets/cli/verbs/noun.h"
#include "applets/cli/wait.h"

namespace cli {

Result<> network_info(Call& call);
Result<> network_leases(Call& call);
Result<> network_allocations(Call& call);

/// GET an instance or profile, change its devices, PUT.
template <class Put>
Result<> change_devices(Call& call, client::Server& server, const std::string& path, const std::function<Result<>(Json& devices)>& change) {
  client::Reply reply = TRY(server.get(call.ctx, path));
  Json object = TRY(retyped<Put>(reply.metadata));
  TRY(change(object["devices"]));
  TRY(run_request(call, server, http::Method::put, path, api::dump_json(object), reply.etag));
  return {};
}

/// Removes the items that `matches` from a list. Errors: not_found (`none`), invalid (`several`, unless `all`).
Result<> remove_matching(Json& list, bool all, const std::function<bool(const Json&)>& matches, std::string_view none, std::string_view several);

}  // namespace cli
