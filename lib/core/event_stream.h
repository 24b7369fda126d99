// Events as answers: a websocket, or documents line by line for as long as the caller listens. No thread waits.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "http/message.h"

namespace async {
class Runtime;
}

namespace core {

/// Begins to deliver documents to `listener` until the handle is dropped. A listener that returns false can't take more.
using Subscribe = std::function<std::shared_ptr<void>(std::function<bool(const std::string&)> listener)>;

http::Response event_websocket(Subscribe subscribe);
/// What `request` asks for: a websocket, or lines. A reader of lines that falls behind is cut.
http::Response event_stream(async::Runtime& runtime, const http::Request& request, Subscribe subscribe);

}  // namespace core
