#include "applets/daemon/logging/target.h"

#include <unistd.h>

#include "base/log.h"

namespace incusd {
namespace {

constexpr size_t kMaxQueue = 10'000;
constexpr size_t kMaxBatch = 500;

struct Kind {
  std::string_view type;
  MakeLogTarget make;
};
constexpr Kind kKinds[] = {{"loki", make_loki_target}, {"syslog", make_syslog_target}, {"webhook", make_webhook_target}};

}  // namespace

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

Result<std::shared_ptr<LogTarget>> LogTarget::create(async::Runtime& runtime, const LogTargetSettings& settings) {
  if (settings.address.empty()) return fail(Code::invalid, "{}: Address cannot be empty", settings.name);
  for (const Kind& kind : kKinds)
    if (kind.type == settings.type) return kind.make(runtime, settings);
  return fail(Code::invalid, "{} is not supported logger type", settings.type);
}

void LogTarget::push(const std::string& frame) {
  std::lock_guard guard(mutex_);
  if (queue_.size() >= kMaxQueue) {
    dropped_++;
    return;
  }
  queue_.push_back(frame);
  if (!scheduled_) schedule_locked(batching_);
}

void LogTarget::stop() {
  stop_.request_stop();
  std::lock_guard guard(mutex_);
  timer_.reset();
  queue_.clear();
}

void LogTarget::schedule_locked(Duration delay) {
  if (stop_.stop_requested()) return;
  scheduled_ = true;
  timer_ = runtime_.after(delay, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->drain();
  });
}

void LogTarget::drain() {
  std::vector<api::Event> events;
  size_t dropped = 0;
  {
    std::lock_guard guard(mutex_);
    for (; !queue_.empty() && events.size() < kMaxBatch; queue_.pop_front()) {
      auto event = api::parse<api::Event>(queue_.front());
      if (event && wants_event(settings_, *event)) events.push_back(std::move(*event));
    }
    dropped = std::exchange(dropped_, 0);
  }
  auto sent = events.empty() ? Result<>() : send(Context(stop_.get_token()), events);
  if (!sent && !stop_.stop_requested())
    log_warn("Events couldn't be delivered", {{"target", settings_.name}, {"lost", std::to_string(events.size())}, {"err", sent.error().message()}});
  if (dropped) log_warn("A log target is too slow", {{"target", settings_.name}, {"lost", std::to_string(dropped)}});
  std::lock_guard guard(mutex_);
  scheduled_ = false;
  if (!queue_.empty()) schedule_locked(batching_);
}

}  // namespace incusd
