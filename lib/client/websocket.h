// The client side of a websocket. Only for .cpp files of this folder.
#pragma once
#include <memory>

#include "client/client.h"
#include "http/transport.h"

namespace client {

std::unique_ptr<WebSocket> make_websocket(std::shared_ptr<http::Transport> transport, std::string leftover);

}  // namespace client
