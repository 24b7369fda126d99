#include "core/operation.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "async/runtime.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/units.h"
#include "core/location.h"
#include "core/operation_async.h"
#include "core/operation_state.h"
#include "core/operation_watch.h"
#include "http/stream.h"

namespace core {
namespace {

/// How long a finished operation stays listed, so that a client polling once a second always sees the outcome.
constexpr seconds kAfterlife{5};
/// Progress events beyond this rate would only cost clients time.
constexpr milliseconds kProgressInterval{1000};

std::string_view class_name(OperationClass cls) {
  switch (cls) {
    case OperationClass::task: return "task";
    case OperationClass::websocket: return "websocket";
    case OperationClass::token: return "token";
  }
  return "";
}

/// A resource as clients see it: a URL with the project where that is not the default one.
std::string resource_url(const std::string& kind, const std::string& item, const std::string& project) {
  std::string url = item.starts_with('/') ? item : "/1.0/" + kind + "/" + url_escape(item);
  if (!project.empty() && project != "default" && url.find('?') == std::string::npos) url += "?project=" + url_escape(project);
  return url;
}

/// Do the values of `json`, at any depth, include `secret`? Compares every candidate in full length, so that time tells nothing.
bool holds_secret(const Json& json, const std::string& secret) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.size() != secret.size() || secret.size() < 32) return false;
    unsigned difference = 0;
    for (size_t i = 0; i < text.size(); i++) difference |= static_cast<unsigned>(text[i] ^ secret[i]);
    return difference == 0;
  }
  bool found = false;
  if (json.is_structured()) {
    for (const Json& item : json) found |= holds_secret(item, secret);
  }
  return found;
}

class OperationImpl final : public Operation {
 public:
  OperationImpl(Events& events, OperationSpec spec)
      : events_(events), id_(random_uuid()), spec_(std::move(spec)), created_(Timestamp::now()), updated_(created_) {
    metadata_ = spec_.metadata.is_object() ? std::move(spec_.metadata) : Json::object();
    for (auto& [kind, items] : spec_.resources) {
      for (std::string& item : items) item = resource_url(kind, item, spec_.project);
    }
  }

  const std::string& id() const override { return id_; }
  const std::string& project() const override { return spec_.project; }
  const Requestor& requestor() const override { return spec_.requestor; }
  std::string url() const override { return "/1.0/operations/" + id_; }
  OperationType type() const override { return spec_.type; }
  OperationClass cls() const override { return spec_.cls; }

  api::Operation render() const override {
    std::lock_guard guard(mutex_);
    return render_locked();
  }
  Json metadata() const override {
    std::lock_guard guard(mutex_);
    return metadata_;
  }
  bool finished() const override {
    std::lock_guard guard(mutex_);
    return is_final(state_);
  }
  /// Past its afterlife: nobody shall find it any more.
  bool gone(Clock::time_point now) const {
    std::lock_guard guard(mutex_);
    return is_final(state_) && now >= ended_ + kAfterlife;
  }

  void begin(async::Runtime& runtime) {
    transition(State::pending);
    transition(State::running);
    if (!spec_.run) return;
    runtime.offload([self = std::static_pointer_cast<OperationImpl>(shared_from_this())] { self->run(); });
  }

  Result<> update_metadata(const Json& metadata) override {
    std::lock_guard guard(mutex_);
    if (is_final(state_)) return fail(Code::invalid, "Only pending or running operations can be updated");
    for (const auto& [key, value] : metadata.items()) {
      if (value.is_null()) metadata_.erase(key);
      else metadata_[key] = value;
    }
    changed_locked();
    return {};
  }

  void progress(const std::string& key, const std::string& text, int percent, int64_t bytes_per_second) override {
    std::lock_guard guard(mutex_);
    auto now = Clock::now();
    if (is_final(state_) || now < progress_at_ + kProgressInterval) return;
    progress_at_ = now;
    Json detail = {{"stage", key}, {"speed", std::to_string(bytes_per_second)}};
    if (percent > 0) detail["percent"] = std::to_string(percent);
    metadata_["progress"] = std::move(detail);
    metadata_[key + "_progress"] = text;
    changed_locked();
  }

  Result<> wait(const Context& ctx) override {
    auto signal = std::make_shared<Signal>();
    when_done([signal] { signal->raise(); });
    TRY(signal->wait(ctx));
    std::lock_guard guard(mutex_);
    if (state_ == State::success) return {};
    if (error_) return std::unexpected(*error_);
    return fail(Code::cancelled, "Operation cancelled");
  }

  void when_done(std::function<void()> done) override {
    {
      std::lock_guard guard(mutex_);
      if (!is_final(state_)) {
        waiters_.push_back(std::move(done));
        return;
      }
    }
    done();
  }

  Result<> cancel() override {
    {
      std::lock_guard guard(mutex_);
      if (state_ != State::running) return fail(Code::invalid, "Only running operations can be cancelled");
      if (!may_cancel()) return fail(Code::invalid, "This operation can't be cancelled");
    }
    abort();
    return {};
  }

  /// Cancels whether the client might or not (shutdown).
  void abort() {
    if (!transition(State::cancelling)) return;
    stop_.request_stop();
    if (!spec_.run) finish(State::cancelled, std::nullopt);
  }

  Result<> check_connect(const std::string& secret) const override {
    std::lock_guard guard(mutex_);
    if (spec_.cls != OperationClass::websocket) return fail(Code::invalid, "Only websocket operations can be connected");
    if (state_ != State::running) return fail(Code::invalid, "Only running operations can be connected");
    if (secret.empty()) return fail(Code::invalid, "Missing websocket secret");
    if (!holds_secret(metadata_, secret)) return fail(Code::forbidden, "Invalid websocket secret");
    return {};
  }

  void connect(const std::string& secret, std::shared_ptr<http::WebSocket> socket) override {
    decltype(spec_.connect) handler;
    {
      std::lock_guard guard(mutex_);
      handler = spec_.connect;
    }
    auto result = handler ? handler(*this, secret, socket) : Result<>(fail(Code::invalid, "Operation is over"));
    if (result) return;
    log_debug("Refused websocket", {{"operation", id_}, {"err", result.error().message()}});
    socket->close();
  }

 private:
  struct Signal {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool raised = false;

    void raise() {
      {
        std::lock_guard guard(mutex);
        raised = true;
      }
      changed.notify_all();
    }
    Result<> wait(const Context& ctx) {
      std::unique_lock guard(mutex);
      auto ready = [this] { return raised; };
      bool done = ctx.deadline() == Clock::time_point::max() ? changed.wait(guard, ctx.stop_token(), ready)
                                                             : changed.wait_until(guard, ctx.stop_token(), ctx.deadline(), ready);
      if (done) return {};
      TRY(ctx.check());
      return fail(Code::timeout, "Timed out waiting for the operation");
    }
  };

  bool may_cancel() const { return spec_.may_cancel || spec_.cls == OperationClass::token; }

  void run() {
    auto result = spec_.run(Context(stop_.get_token()), *this);
    if (!result || !deferred_) end(std::move(result));
  }

 public:
  /// From within run(): its return is not the end.
  void defer() { deferred_ = true; }

  void end(Result<> result) {
    if (result) return finish(State::success, std::nullopt);
    bool cancelled = stop_.stop_requested() || result.error().code() == Code::cancelled;
    log_debug("Operation failed", {{"operation", id_}, {"description", std::string(operation_description(spec_.type))}, {"err", result.error().message()}});
    finish(cancelled ? State::cancelled : State::failure, result.error());
  }

 private:

  void finish(State end, std::optional<Error> error) {
    {
      std::lock_guard guard(mutex_);
      error_ = std::move(error);
    }
    if (!transition(end)) return;
    std::vector<std::function<void()>> waiters;
    {
      std::lock_guard guard(mutex_);
      waiters.swap(waiters_);
    }
    for (auto& done : waiters) done();
    // The functions may hold this operation: letting go of them breaks the cycle.
    std::function<Result<>(const Context&, Operation&)> run;
    decltype(spec_.connect) connect;
    std::lock_guard guard(mutex_);
    run.swap(spec_.run);
    connect.swap(spec_.connect);
  }

  /// The only place that changes the state. False if the change makes no sense any more.
  bool transition(State next) {
    std::lock_guard guard(mutex_);
    if (is_final(state_) || (next == State::cancelling && state_ == State::cancelling)) return false;
    state_ = next;
    if (is_final(next)) ended_ = Clock::now();
    emit_locked();
    return true;
  }

  void changed_locked() {
    updated_ = Timestamp::now();
    emit_locked();
  }

  /// Sent under the lock, so that events of one operation keep their order; listeners never block.
  void emit_locked() {
    if (events_.wanted("operation")) events_.send("operation", spec_.project, api::dump(render_locked()));
  }

  api::Operation render_locked() const {
    api::Operation out;
    out.id = id_;
    out.class_ = class_name(spec_.cls);
    out.description = operation_description(spec_.type);
    out.created_at = created_;
    out.updated_at = updated_;
    out.status = state_name(state_);
    out.status_code = static_cast<int64_t>(state_);
    for (const auto& [kind, items] : spec_.resources) out.resources[kind] = items;
    out.metadata = metadata_;
    out.may_cancel = may_cancel();
    if (error_) out.err = error_->message();
    out.location = location();
    return out;
  }

  Events& events_;
  const std::string id_;
  mutable std::mutex mutex_;
  OperationSpec spec_;
  State state_ = State::pending;
  Timestamp created_, updated_;
  Json metadata_;
  std::optional<Error> error_;
  Clock::time_point ended_, progress_at_;
  std::vector<std::function<void()>> waiters_;
  std::stop_source stop_;
  std::atomic<bool> deferred_ = false;
};

class OperationsImpl final : public Operations {
 public:
  OperationsImpl(async::Runtime& runtime, Events& events) : runtime_(runtime), events_(events) {}
  void watch(std::function<void()> added) { added_ = std::move(added); }

  Result<std::shared_ptr<Operation>> start(OperationSpec spec) override {
    auto operation = std::make_shared<OperationImpl>(events_, std::move(spec));
    {
      std::lock_guard guard(mutex_);
      if (stopping_) return fail(Code::unavailable, "Incus is shutting down");
      purge_locked();
      order_.push_back(operation);
      by_id_[operation->id()] = operation;
    }
    operation->begin(runtime_);
    if (added_) added_();
    return operation;
  }

  std::shared_ptr<Operation> find(const std::string& id) const override {
    std::lock_guard guard(mutex_);
    auto found = by_id_.find(id);
    return found == by_id_.end() || found->second->gone(Clock::now()) ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<Operation>> all() const override {
    std::lock_guard guard(mutex_);
    std::vector<std::shared_ptr<Operation>> list;
    auto now = Clock::now();
    for (const auto& operation : order_) {
      if (!operation->gone(now)) list.push_back(operation);
    }
    return list;
  }

  void purge() override {
    std::lock_guard guard(mutex_);
    purge_locked();
  }

  void stop(const Context& ctx) override {
    std::vector<std::shared_ptr<OperationImpl>> list;
    {
      std::lock_guard guard(mutex_);
      stopping_ = true;
      list = order_;
    }
    for (const auto& operation : list) operation->abort();
    for (const auto& operation : list) (void)operation->wait(ctx);  // its outcome concerns the client only
  }

 private:
  void purge_locked() {
    auto now = Clock::now();
    std::erase_if(order_, [&](const auto& operation) { return operation->gone(now) && by_id_.erase(operation->id()); });
  }

  async::Runtime& runtime_;
  Events& events_;
  std::function<void()> added_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<OperationImpl>> order_;
  std::map<std::string, std::shared_ptr<OperationImpl>> by_id_;
};

}  // namespace

Ending end_later(Operation& operation) {
  auto& implementation = static_cast<OperationImpl&>(operation);  // there is no other kind
  implementation.defer();
  return [self = std::static_pointer_cast<OperationImpl>(operation.shared_from_this())](Result<> result) { self->end(std::move(result)); };
}

std::string_view operation_description(OperationType type) {
  switch (type) {
#define OPERATION_TYPE(symbol, code, description) \
  case OperationType::symbol: return description;
#include "core/operation_types.def"
#undef OPERATION_TYPE
  }
  return "";
}

std::unique_ptr<Operations> Operations::create(async::Runtime& runtime, Events& events) {
  return std::make_unique<OperationsImpl>(runtime, events);
}

void watch_operations(Operations& operations, std::function<void()> added) {
  // SAFETY: create() makes no other kind.
  static_cast<OperationsImpl&>(operations).watch(std::move(added));
}

}  // namespace core
