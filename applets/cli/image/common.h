// What the image commands share: names to fingerprints, aliases, the noun.
#pragma once
#include "api/types/image.h"
#include "applets/cli/call.h"
#include "applets/cli/verbs/noun.h"

namespace cli {

extern const Noun kImageNoun;

/// What an alias points to, or the name itself (a fingerprint or its start).
std::string image_fingerprint(Call& call, client::Server& server, const std::string& name);
/// The server and fingerprint of a `[<remote>:]<image>` argument; public servers are fine.
struct ImageTarget {
  client::Server server;
  std::string fingerprint;
  std::string path() const { return "/1.0/images/" + url_escape(fingerprint); }
};
Result<ImageTarget> image_target(Call& call, const Arg& arg, bool public_server);
/// Points every alias to the image, moving existing ones.
Result<> ensure_aliases(Call& call, client::Server& server, const StringList& aliases, const std::string& fingerprint);
/// Deletes the images these aliases point to (--reuse).
Result<> delete_aliased_images(Call& call, client::Server& server, const StringList& aliases);

}  // namespace cli
