#include "core/operation_answers.h"

#include <mutex>

#include "async/runtime.h"
#include "core/envelope.h"

namespace core {
namespace {

/// One reply, whichever of the end and the timeout comes first.
struct Waiter {
  std::mutex mutex;
  std::function<void(http::Response)> reply;
  std::shared_ptr<async::Runtime::Timer> timer;
  WaitAnswer render = nullptr;

  void answer(Operation& operation) {
    std::function<void(http::Response)> once;
    std::shared_ptr<async::Runtime::Timer> unused;
    {
      std::lock_guard guard(mutex);
      once.swap(reply);
      unused.swap(timer);
    }
    if (once) once(render ? render(operation) : sync_response(api::dump(operation.render())));
  }
};

}  // namespace

std::string operations_by_status(const std::vector<std::shared_ptr<Operation>>& operations, bool full) {
  std::map<std::string, std::string> groups;
  for (const auto& operation : operations) {
    api::Operation rendered = operation->render();
    std::string& list = groups[to_lower(rendered.status)];
    list += list.empty() ? "" : ",";
    list += full ? api::dump(rendered) : '"' + operation->url() + '"';
  }
  std::string out = "{";
  for (const auto& [status, list] : groups) out += (out.size() > 1 ? ",\"" : "\"") + status + "\":[" + list + "]";
  return out + "}";
}

http::Response wait_response(std::shared_ptr<Operation> operation, async::Runtime& runtime, int64_t timeout, WaitAnswer answer) {
  http::Response response;
  response.deferred = [operation = std::move(operation), timeout, answer, &runtime](std::function<void(http::Response)> reply) {
    auto waiter = std::make_shared<Waiter>();
    waiter->reply = std::move(reply);
    waiter->render = answer;
    if (timeout >= 0 && !operation->finished()) {
      auto timer = runtime.after(seconds(timeout), [waiter, operation] { waiter->answer(*operation); });
      std::lock_guard guard(waiter->mutex);
      if (waiter->reply) waiter->timer = std::move(timer);
    }
    operation->when_done([waiter, operation] { waiter->answer(*operation); });
  };
  return response;
}

http::Response connect_response(std::shared_ptr<Operation> operation, std::string secret) {
  http::Response response;
  response.websocket = [operation = std::move(operation), secret = std::move(secret)](std::shared_ptr<http::WebSocket> socket) {
    operation->connect(secret, std::move(socket));
  };
  return response;
}

}  // namespace core
