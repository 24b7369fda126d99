// `incus admin init`: the parts of setting a server up.
#pragma once
#include "api/types/init.h"
#include "applets/cli/call.h"

namespace cli {

Result<> init_server(Call& call);
/// A pool, a bridge and the default profile, unless they are there.
Result<api::InitLocalPreseed> automatic_preseed(Call& call, client::Server& server);
/// Asks; prints the preseed if wanted.
Result<api::InitLocalPreseed> interactive_preseed(client::Server& server, const Context& ctx);
/// Makes the server what the preseed says; on an error what was made is undone.
Result<> apply_preseed(const Context& ctx, client::Server& server, const api::InitLocalPreseed& preseed);
/// The default profile's entry in the preseed, made if it is missing.
api::InitProfileProjectPost& default_profile(api::InitLocalPreseed& preseed);
/// $INCUS_DIR or /var/lib/incus, with `name` appended.
std::string var_path(const std::string& name);

}  // namespace cli
