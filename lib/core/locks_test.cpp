#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "core/locks.h"

TEST_CASE("a named lock has one holder", "[locks]") {
  auto first = core::try_lock("t/a");
  REQUIRE(first);
  CHECK_FALSE(core::try_lock("t/a"));
  CHECK(core::try_lock("t/b"));
  first.reset();
  CHECK(core::try_lock("t/a"));
}

TEST_CASE("waiting for a lock ends with its release, its deadline or a stop", "[locks]") {
  auto first = core::try_lock("t/c");
  auto late = core::acquire_lock(Context().with_timeout(milliseconds(10)), "t/c");
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == Code::timeout);

  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  auto stopped = core::acquire_lock(Context(stop.get_token()), "t/c");
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code() == Code::cancelled);

  std::jthread releaser([&] { first.reset(); });
  CHECK(core::acquire_lock(Context(), "t/c"));
}
