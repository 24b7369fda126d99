// A simplestreams server seen as a server of the API: what lists, shows and exports images need not know the difference.
#pragma once
#include "client/api.h"
#include "client/streams.h"

namespace client {

/// Answers GET of /1.0, /1.0/images (filter, recursion), /1.0/images/FINGERPRINT, …/export, /1.0/images/aliases and …/aliases/NAME (type: the
/// kind of instance, containers first). Everything else is forbidden. The lists are fetched at the first question.
Server stream_server(StreamSource source);

}  // namespace client
