// An upgraded connection (SFTP, NBD, port forward) as a byte stream.
#pragma once
#include "client/exchange.h"

namespace client {

std::shared_ptr<http::Stream> open_stream(Connection connection);

}  // namespace client
