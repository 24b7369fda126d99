#include <fcntl.h>
#include <sys/socket.h>

#include "applets/daemon/daemon.h"
#include "applets/daemon/guest/api.h"
#include "http/stream.h"
#include "instance/guest_events.h"
#include "sys/fd_passing.h"

namespace incusd {
namespace {

/// What keeps a listener alive; gone with its connection.
struct Listener {
  std::shared_ptr<http::WebSocket> socket;
  UniqueFd lines;
  std::shared_ptr<async::Runtime::Watch> end;
  std::shared_ptr<void> subscription;
};

void listen_on_websocket(instance::GuestEvents& events, int64_t id, const StringList& types, std::shared_ptr<http::WebSocket> socket) {
  auto listener = std::make_shared<Listener>();
  listener->socket = socket;
  listener->subscription = events.listen(id, types, [weak = std::weak_ptr(socket)](const std::string& frame) {
    auto target = weak.lock();
    return target && target->send(http::WebSocket::Kind::text, frame);
  });
  socket->start([](http::WebSocket::Kind, std::string_view) {}, [listener] {
    listener->subscription.reset();
    listener->socket.reset();
  });
}

/// Lines go through a socket pair, whose buffer is all that waits for a slow reader: one that falls behind is cut.
void listen_on_stream(Daemon& daemon, int64_t id, const StringList& types, std::shared_ptr<http::Stream> stream) {
  auto pair = sys::socket_pair();
  if (!pair) return;
  auto listener = std::make_shared<Listener>();
  listener->lines = std::move(pair->first);
  fcntl(listener->lines.get(), F_SETFL, O_NONBLOCK);
  auto forget = [listener] {
    listener->subscription.reset();
    listener->end.reset();
  };
  listener->subscription = daemon.instances->guest_events().listen(id, types, [weak = std::weak_ptr(listener)](const std::string& frame) {
    auto target = weak.lock();
    std::string line = frame + "\n";
    return target && send(target->lines.get(), line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  });
  listener->end = daemon.runtime.when_readable(listener->lines.get(), [forget] { forget(); });  // the guest went away
  stream->relay(pair->second.release(), [stream, forget] { forget(); });
}

}  // namespace

Result<http::Response> guest_events(GuestCall& call) {
  std::string asked = call.request.query.get("type");
  StringList types = split(asked.empty() ? "config,device" : asked, ',');
  int64_t id = call.instance->id();
  http::Response response;
  if (call.request.headers.get("Upgrade") == "websocket") {
    response.websocket = [&daemon = call.daemon, id, types](std::shared_ptr<http::WebSocket> socket) {
      listen_on_websocket(daemon.instances->guest_events(), id, types, std::move(socket));
    };
    return response;
  }
  response.headers.set("Content-Type", "application/json");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.takeover = [&daemon = call.daemon, id, types](std::shared_ptr<http::Stream> stream) { listen_on_stream(daemon, id, types, std::move(stream)); };
  return response;
}

}  // namespace incusd
