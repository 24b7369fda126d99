// The file API of instances (and volumes): GET, HEAD, POST and DELETE of one path over an SFTP connection (wire.md, section 5.3).
#pragma once
#include "applets/daemon/route.h"
#include "sys/sftp_client.h"

namespace incusd {

/// What happened to a path, for the lifecycle event.
using FileEvent = std::function<void(std::string_view what)>;  ///< "retrieved", "pushed", "deleted"

/// Answers the request by its method; `?path=` names the file. `hold` lives as long as the answer is sent.
Result<Reply> transfer_file(Call& call, sys::sftp::Client client, std::shared_ptr<void> hold, const FileEvent& event);

}  // namespace incusd
