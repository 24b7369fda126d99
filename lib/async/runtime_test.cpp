#include "async/runtime.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/eventfd.h>

#include <atomic>
#include <future>
#include <latch>

#include "base/unique_fd.h"

TEST_CASE("workers run in parallel up to the limit, and stop() waits for them") {
  async::Runtime runtime({.io_threads = 1, .max_workers = 4});
  std::latch together(4);
  std::atomic<int> done = 0;
  for (int i = 0; i < 4; ++i) {
    runtime.offload([&] {
      together.arrive_and_wait();  // needs all four at once
      ++done;
    });
  }
  for (int i = 0; i < 100; ++i) runtime.offload([&] { ++done; });
  runtime.stop();
  CHECK(done == 104);
  runtime.offload([&] { ++done; });
  CHECK(done == 104);
}

TEST_CASE("a timer fires once, and not after its handle is gone") {
  async::Runtime runtime({.io_threads = 1, .max_workers = 2});
  std::promise<void> fired;
  std::atomic<bool> dropped_fired = false;
  { auto gone = runtime.after(milliseconds(5), [&] { dropped_fired = true; }); }
  auto timer = runtime.after(milliseconds(30), [&] { fired.set_value(); });
  CHECK(fired.get_future().wait_for(seconds(60)) == std::future_status::ready);
  CHECK_FALSE(dropped_fired);
  runtime.stop();
}

TEST_CASE("a watch reports a descriptor that became readable") {
  async::Runtime runtime({.io_threads = 2, .max_workers = 2});
  UniqueFd event(eventfd(0, EFD_CLOEXEC));
  std::promise<void> ready;
  auto watch = runtime.when_readable(event.get(), [&] { ready.set_value(); });
  auto future = ready.get_future();
  CHECK(future.wait_for(milliseconds(20)) == std::future_status::timeout);
  eventfd_write(event.get(), 1);
  CHECK(future.wait_for(seconds(60)) == std::future_status::ready);
  watch.reset();
  runtime.stop();
}
