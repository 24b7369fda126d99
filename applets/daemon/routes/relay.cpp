#include "applets/daemon/routes/relay.h"

#include "http/stream.h"

namespace incusd {
namespace {

/// What the real server waits too.
constexpr milliseconds kHeadStart{250};

Reply taken_over(std::string protocol, std::function<void(std::shared_ptr<http::Stream>)> takeover) {
  http::Response response;
  response.upgrade_protocol = std::move(protocol);
  response.takeover = std::move(takeover);
  return raw(std::move(response));
}

}  // namespace

Result<> check_upgrade(Call& call, std::string_view protocol) {
  if (!iequals(call.request.headers.get("Upgrade"), protocol)) return fail(Code::invalid, "Missing or invalid upgrade header");
  return {};
}

Reply relay(std::string protocol, UniqueFd socket, std::shared_ptr<void> hold) {
  auto shared = std::make_shared<UniqueFd>(std::move(socket));
  return taken_over(std::move(protocol), [shared, hold = std::move(hold)](std::shared_ptr<http::Stream> stream) { stream->relay(shared->release(), [stream, hold] {}); });
}

Reply relay_server_first(Call& call, std::string protocol, UniqueFd socket, std::shared_ptr<void> hold) {
  auto shared = std::make_shared<UniqueFd>(std::move(socket));
  return taken_over(std::move(protocol), [shared, hold = std::move(hold), &runtime = call.daemon.runtime](std::shared_ptr<http::Stream> stream) {
    auto timer = std::make_shared<std::shared_ptr<async::Runtime::Timer>>();  // lives until it has run
    *timer = runtime.after(kHeadStart, [timer, stream, shared, hold] {
      stream->relay(shared->release(), [stream, hold] {});
      timer->reset();
    });
  });
}

}  // namespace incusd
