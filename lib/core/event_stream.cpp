#include "core/event_stream.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "async/runtime.h"
#include "http/stream.h"
#include "sys/fd_passing.h"

namespace core {
namespace {

/// What keeps a listener alive; gone with its connection.
struct Listener {
  std::shared_ptr<http::WebSocket> socket;
  UniqueFd lines;
  std::shared_ptr<async::Runtime::Watch> end;
  std::shared_ptr<void> subscription;
};

void listen_on_websocket(const Subscribe& subscribe, std::shared_ptr<http::WebSocket> socket) {
  auto listener = std::make_shared<Listener>();
  listener->socket = socket;
  listener->subscription = subscribe([weak = std::weak_ptr(socket)](const std::string& frame) {
    auto target = weak.lock();
    return target && target->send(http::WebSocket::Kind::text, frame);
  });
  socket->start([](http::WebSocket::Kind, std::string_view) {}, [listener] {
    listener->subscription.reset();
    listener->socket.reset();
  });
}

/// Lines go through a socket pair, whose buffer is all that waits for a slow reader: one that falls behind is cut.
void listen_on_stream(async::Runtime& runtime, const Subscribe& subscribe, std::shared_ptr<http::Stream> stream) {
  auto pair = sys::socket_pair();
  if (!pair) return;
  auto listener = std::make_shared<Listener>();
  listener->lines = std::move(pair->first);
  fcntl(listener->lines.get(), F_SETFL, O_NONBLOCK);
  auto forget = [listener] {
    listener->subscription.reset();
    listener->end.reset();
  };
  listener->subscription = subscribe([weak = std::weak_ptr(listener)](const std::string& frame) {
    auto target = weak.lock();
    std::string line = frame + "\n";
    return target && send(target->lines.get(), line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  });
  listener->end = runtime.when_readable(listener->lines.get(), [forget] { forget(); });  // the reader went away
  stream->relay(pair->second.release(), [stream, forget] { forget(); });
}

}  // namespace

http::Response event_websocket(Subscribe subscribe) {
  http::Response response;
  response.websocket = [subscribe = std::move(subscribe)](std::shared_ptr<http::WebSocket> socket) { listen_on_websocket(subscribe, std::move(socket)); };
  return response;
}

http::Response event_stream(async::Runtime& runtime, const http::Request& request, Subscribe subscribe) {
  if (request.headers.get("Upgrade") == "websocket") return event_websocket(std::move(subscribe));
  http::Response response;
  response.headers.set("Content-Type", "application/json");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.takeover = [&runtime, subscribe = std::move(subscribe)](std::shared_ptr<http::Stream> stream) {
    listen_on_stream(runtime, subscribe, std::move(stream));
  };
  return response;
}

}  // namespace core
