// Bringing an image to another server. Shared by `incus image copy` and `incus publish`.
#pragma once
#include "applets/cli/call.h"
#include "applets/cli/progress.h"

namespace cli {

struct ImageCopy {
  Json image;                       ///< as the source describes it
  std::string name;                 ///< what the target asks for and follows with auto-update: the fingerprint, or a public image's alias
  Json aliases = Json::array();     ///< of the copy
  StringList profiles = {};         ///< of the copy; none: the target's default
  std::string mode = "pull";        ///< who moves the data: the target ("pull"), the source ("push"), this client ("relay")
  std::string type = "";            ///< asked for among images of one name
  bool is_public = false;
  bool auto_update = false;
};

/// Blocks until the image is there. Errors: invalid (same server, unknown mode, nobody listens on the network), the servers'.
Result<> send_image(Call& call, client::Server& from, client::Server& to, const ImageCopy& copy, Progress& progress);

/// Lets somebody without rights on this server fetch the image once. Errors: the server's.
Result<std::string> image_secret(Call& call, client::Server& server, const std::string& fingerprint);

}  // namespace cli
