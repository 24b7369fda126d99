#include "vsock/vhost_user.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "sys/fd_passing.h"
#include "vsock/test_guest.h"

using namespace vsock;

namespace {

struct Fixture {
  int resets = 0, starts = 0, stops = 0;
  std::pair<UniqueFd, UniqueFd> pair = *sys::socket_pair();
  VhostUser user{std::move(pair.second), "CONFIG!!", {.started = [this](size_t, int) { starts++; }, .stopped = [this](size_t, int) { stops++; }, .reset = [this] { resets++; }}};
  TestMemory raw;

  bool say(uint32_t request, const std::string& payload, const std::vector<int>& fds = {}, uint32_t flags = 1) {
    REQUIRE(sys::send_fds(pair.first.get(), vhost_message(request, payload, flags), fds));
    return user.serve_one();
  }
  /// The payload of the answer.
  std::string answer() {
    uint32_t head[3];
    REQUIRE(recv(pair.first.get(), head, sizeof head, MSG_DONTWAIT) == sizeof head);
    CHECK(head[1] == 5);
    std::string payload(head[2], 0);
    REQUIRE(recv(pair.first.get(), payload.data(), payload.size(), MSG_DONTWAIT) == static_cast<ssize_t>(payload.size()));
    return payload;
  }
  std::string region() { return words(TestMemory::kGuest, TestMemory::kSize, TestMemory::kUser, uint64_t{0}); }
  /// Up to a running ring 0 that begins at `base`.
  void start(uint32_t base = 0) {
    UniqueFd event(eventfd(0, EFD_NONBLOCK));
    CHECK(say(2, words(uint64_t{1} << 32 | uint64_t{1} << 30)));
    CHECK(say(5, words(uint32_t{1}, uint32_t{0}) + region(), {raw.fd().get()}));
    CHECK(say(8, words(uint32_t{0}, uint32_t{8})));
    CHECK(say(10, words(uint32_t{0}, base)));
    CHECK(say(9, words(uint32_t{0}, uint32_t{0}, TestMemory::kUser, TestMemory::kUser + 512, TestMemory::kUser + 256, uint64_t{0})));
    CHECK(say(12, words(uint64_t{0}), {event.get()}));
    CHECK(say(13, words(uint64_t{0}), {event.get()}));
    CHECK(!user.ring(0).running());
    CHECK(say(18, words(uint32_t{0}, uint32_t{1})));
  }
  void stop() {
    CHECK(say(18, words(uint32_t{0}, uint32_t{0})));
    CHECK(say(11, words(uint32_t{0}, uint32_t{0})));
    (void)answer();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "QEMU's usual words start and stop a ring") {
  CHECK(say(1, ""));
  CHECK(answer().size() == 8);
  CHECK(say(24, words(uint32_t{2}, uint32_t{4}, uint32_t{0}, uint32_t{0})));
  CHECK(answer().substr(12) == "NFIG");
  start();
  CHECK(user.ring(0).running());
  CHECK(starts == 1);
  CHECK(say(11, words(uint32_t{0}, uint32_t{0})));
  CHECK(answer() == words(uint32_t{0}, uint32_t{0}));
  CHECK(!user.ring(0).running());
  CHECK(stops == 1);
}

TEST_CASE_METHOD(Fixture, "A ring that goes on where it stopped was paused; another beginning is a new driver") {
  start();
  stop();
  start(0);
  CHECK(resets == 0);
  stop();
  start(7);
  CHECK(resets == 1);
  CHECK(say(34, ""));
  CHECK(resets == 2);
  CHECK(!user.ring(0).running());
}

TEST_CASE_METHOD(Fixture, "Messages that make no sense end the connection") {
  SECTION("unknown") { CHECK(!say(77, "")); }
  SECTION("a wrong version") { CHECK(!say(1, "", {}, 2)); }
  SECTION("an answer") { CHECK(!say(1, "", {}, 5)); }
  SECTION("a wrong size") { CHECK(!say(8, "x")); }
  SECTION("no such ring") { CHECK(!say(8, words(uint32_t{2}, uint32_t{8}))); }
  SECTION("more regions than descriptors") { CHECK(!say(5, words(uint32_t{1}, uint32_t{0}) + region())); }
  SECTION("more regions than bytes") { CHECK(!say(5, words(uint32_t{1}, uint32_t{0}), {raw.fd().get()})); }
  SECTION("a kick without its descriptor") { CHECK(!say(12, words(uint64_t{0}))); }
  SECTION("too long") {
    uint32_t head[3] = {5, 1, 1 << 20};
    CHECK(write(pair.first.get(), head, sizeof head) == sizeof head);
    CHECK(!user.serve_one());
  }
  SECTION("the end") {
    pair.first.reset();
    CHECK(!user.serve_one());
  }
}

TEST_CASE_METHOD(Fixture, "With REPLY_ACK a refusal is an answer") {
  CHECK(say(16, words(uint64_t{1} << 3)));
  CHECK(say(8, words(uint32_t{0}, uint32_t{5}), {}, 9));
  CHECK(answer() == words(uint64_t{1}));
  CHECK(say(37, words(uint64_t{0}) + region(), {raw.fd().get()}, 9));
  CHECK(answer() == words(uint64_t{0}));
  CHECK(say(37, words(uint64_t{0}) + region(), {raw.fd().get()}, 9));
  CHECK(answer() == words(uint64_t{1}));
  CHECK(say(38, words(uint64_t{0}) + region(), {}, 9));
  CHECK(answer() == words(uint64_t{0}));
}
