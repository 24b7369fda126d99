#include "core/session.h"

#include "base/encode.h"

namespace core {

Session::Session(async::Runtime& runtime, const StringList& streams, StringList optional, Duration patience)
    : runtime_(runtime), optional_(std::move(optional)), connect_time_(patience) {
  for (const std::string& name : streams) secrets_[name] = random_secret();
}

Json Session::secrets() const {
  Json out = Json::object();
  for (const auto& [name, secret] : secrets_) out[name] = secret;
  return out;
}

Result<> Session::connect(const std::string& secret, std::shared_ptr<http::WebSocket> socket) {
  std::unique_lock guard(mutex_);
  for (const auto& [name, known] : secrets_) {
    if (known != secret) continue;
    if (sockets_.contains(name)) return fail(Code::invalid, "This stream is connected already");
    sockets_[name] = socket;
    guard.unlock();
    if (name == "control") listen_to_control(std::move(socket));
    launch_if_complete();
    return {};
  }
  return fail(Code::forbidden, "Invalid websocket secret");
}

Result<> Session::start(const Context& ctx, Operation& operation) {
  auto ending = end_later(operation);
  {
    std::lock_guard guard(mutex_);
    operation_ = operation.shared_from_this();
    ending_ = std::move(ending);
    patience_ = runtime_.after(connect_time_, [weak = weak_from_this()] {
      auto session = weak.lock();
      if (!session) return;
      std::unique_lock late(session->mutex_);
      if (session->launched_) return;
      late.unlock();
      session->finish(fail(Code::timeout, "Timed out waiting for websockets to connect"));
    });
  }
  // Not under the lock: it calls at once if the stop came before.
  on_stop_.emplace(ctx.stop_token(), [weak = weak_from_this()] {
    auto session = weak.lock();
    if (session) session->runtime_.offload([session] { session->stop_requested(); });
  });
  std::unique_lock guard(mutex_);
  auto early = std::move(early_);
  guard.unlock();
  if (early) finish(std::move(*early));
  else launch_if_complete();
  return {};
}

bool Session::complete_locked() const {
  for (const auto& [name, secret] : secrets_)
    if (!sockets_.contains(name) && !contains(optional_, name)) return false;
  return true;
}

void Session::launch_if_complete() {
  {
    std::lock_guard guard(mutex_);
    if (!ending_ || launched_ || finished_ || !complete_locked()) return;
    launched_ = true;
    patience_.reset();
  }
  runtime_.offload([session = shared_from_this()] {
    auto done = session->launch();
    if (!done) session->finish(std::move(done));
    else if (session->cancelled_) session->cancel();
  });
}

void Session::stop_requested() {
  cancelled_ = true;
  std::unique_lock guard(mutex_);
  bool launched = launched_;
  guard.unlock();
  if (launched) cancel();
  else finish(fail(Code::cancelled, "Operation cancelled"));
}

void Session::listen_to_control(std::shared_ptr<http::WebSocket> socket) {
  socket->start(
      [session = shared_from_this()](http::WebSocket::Kind kind, std::string_view text) {
        if (kind == http::WebSocket::Kind::text) session->control(text);
      },
      [session = shared_from_this()] { session->hung_up(); });
}

std::shared_ptr<http::WebSocket> Session::socket(const std::string& name) const {
  std::lock_guard guard(mutex_);
  auto found = sockets_.find(name);
  return found == sockets_.end() ? nullptr : found->second;
}

std::string Session::operation_id() const {
  std::lock_guard guard(mutex_);
  return operation_->id();
}

void Session::finish(Result<> result) {
  std::map<std::string, std::shared_ptr<http::WebSocket>> sockets;
  std::shared_ptr<Operation> operation;
  Ending ending;
  {
    std::lock_guard guard(mutex_);
    if (finished_) return;
    if (!ending_) {
      if (!early_) early_ = std::move(result);
      return;
    }
    finished_ = true;
    patience_.reset();
    sockets = sockets_;
    operation = operation_;
    ending.swap(ending_);
  }
  ended(*operation, result);
  for (auto& [name, socket] : sockets) socket->close();
  ending(std::move(result));
}

}  // namespace core
