#include "async/workers.h"

#include <pthread.h>

#include <cstdlib>
#include <exception>
#include <memory>

#include "base/context.h"
#include "base/log.h"
#include "base/memory.h"

namespace async {

namespace {

constexpr size_t kStackBytes = 1 << 20;  // only touched pages count as memory; deep recursion (regular expressions) needs some room
constexpr seconds kIdleTime{3};
constexpr seconds kTidyTime{10};  // under load, memory is given back that often

void* thread_main(void* argument) {
  std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return nullptr;
}

}  // namespace

void start_thread(const char* name, std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  auto argument = std::make_unique<std::function<void()>>(std::move(body));
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, thread_main, argument.get());
  pthread_attr_destroy(&attributes);
  if (error) {
    log_error("Cannot start a thread", {{"error", fail_errno("pthread_create", error).error().message()}});
    std::abort();
  }
  (void)argument.release();
  pthread_setname_np(thread, name);
}

void run_guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    log_error("Unexpected exception", {{"error", error.what()}});
  }
}

bool Workers::add(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  if (stopping_) return false;
  queue_.push_back(std::move(work));
  if (static_cast<int>(queue_.size()) > idle_ && threads_ < max_) {
    ++threads_;
    start_thread("worker", [this] { run(); });
  } else {
    wake_.notify_one();
  }
  return true;
}

std::function<void()> Workers::take() {
  std::unique_lock lock(mutex_);
  ++idle_;
  bool woken = wake_.wait_for(lock, kIdleTime, [this] { return stopping_ || !queue_.empty(); });
  --idle_;
  if (!woken || queue_.empty()) {
    if (threads_ == 1 && !stopping_) {
      lock.unlock();
      tidy(true);
      lock.lock();
    }
    if (--threads_ == 0) ended_.notify_all();
    return nullptr;
  }
  std::function<void()> work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

void Workers::tidy(bool idle) {
  worked_ = worked_ || !idle;
  auto now = Clock::now(), last = tidied_.load();
  if (!worked_ || (!idle && now - last < kTidyTime) || !tidied_.compare_exchange_strong(last, now)) return;
  worked_ = false;
  release_free_memory();
  // Not under load: code that nobody has mapped is the first to leave the page cache while an image is being unpacked, and then every call
  // waits for the busy disk.
  if (idle) release_clean_memory();
}

void Workers::run() {
  while (std::function<void()> work = take()) {
    run_guarded(work);
    work = nullptr;
    tidy(false);
  }
}

void Workers::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

}  // namespace async
