// An OCI registry seen as a server of the API: what shows and exports images need not know the difference. Lists are beyond registries.
#pragma once
#include "client/api.h"

namespace oci {

struct RegistrySource {
  std::string url;           ///< of the remote, with credentials if any
  std::string layer_folder;  ///< where layers are kept for the next time
  std::string keys;          ///< PEM: images must be signed with one of them; empty: signatures are not asked for
};
/// Answers GET of /1.0/images/aliases/NAME, /1.0/images/FINGERPRINT (of a name asked before) and …/export. Everything else is refused.
/// Errors: invalid (the URL).
Result<client::Server> registry_server(const RegistrySource& source);

}  // namespace oci
