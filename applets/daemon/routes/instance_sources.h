// POST /1.0/instances by kind of source.
#pragma once
#include "applets/daemon/routes/instance_common.h"

namespace incusd {

/// The body of a kLargeBody request that turned out to be JSON: at most 1 MiB. Errors: too_large.
Result<std::string> read_request_body(Call& call);

/// The image in our store that an image source names; nothing if it is to be fetched or does not exist.
Result<std::optional<db::images::Row>> source_image(Call& call, const api::InstancesPost& request);
Result<Reply> create_from_image(Call& call, api::InstancesPost request, std::optional<db::images::Row> image);
Result<Reply> create_from_none(Call& call, api::InstancesPost request);
/// Takes over profiles and type of the copy's source. Errors: not_found, forbidden.
Result<> complete_copy(Call& call, api::InstancesPost& request, bool& profiles_given);
Result<Reply> create_from_copy(Call& call, api::InstancesPost request);
Result<Reply> create_from_migration(Call& call, api::InstancesPost request);
Result<Reply> create_from_backup(Call& call);

}  // namespace incusd
