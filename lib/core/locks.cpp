#include "core/locks.h"

#include <condition_variable>
#include <mutex>
#include <set>

namespace core {
namespace {

struct Held {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::set<std::string> names;
};

/// Never destroyed: handles may outlive static destruction.
Held& held() {
  static auto* instance = new Held;
  return *instance;
}

std::shared_ptr<void> handle_for(const std::string& name) {
  return std::shared_ptr<void>(nullptr, [name](void*) {
    Held& all = held();
    {
      std::lock_guard guard(all.mutex);
      all.names.erase(name);
    }
    all.changed.notify_all();
  });
}

/// A non-null pointer to nothing, so that callers can test the handle.
std::shared_ptr<void> grant(const std::string& name) {
  static int token;
  return std::shared_ptr<void>(handle_for(name), &token);
}

}  // namespace

Result<std::shared_ptr<void>> acquire_lock(const Context& ctx, const std::string& name) {
  Held& all = held();
  std::unique_lock guard(all.mutex);
  auto free = [&] { return !all.names.contains(name); };
  bool got = ctx.deadline() == Clock::time_point::max() ? all.changed.wait(guard, ctx.stop_token(), free)
                                                        : all.changed.wait_until(guard, ctx.stop_token(), ctx.deadline(), free);
  if (!got) {
    TRY(ctx.check());
    return fail(Code::timeout, "Timed out waiting for {}", name);
  }
  all.names.insert(name);
  return grant(name);
}

std::shared_ptr<void> try_lock(const std::string& name) {
  Held& all = held();
  std::lock_guard guard(all.mutex);
  if (!all.names.insert(name).second) return nullptr;
  return grant(name);
}

}  // namespace core
