#include "sys/netlink.h"

#include <fcntl.h>
#include <unistd.h>


#include <catch2/catch_test_macros.hpp>

#include "sys/netlink_message.h"
#include "sys/spawn.h"

TEST_CASE("prefixes and MAC addresses") {
  auto prefix = sys::nl::parse_prefix("10.1.2.3/24");
  REQUIRE(prefix);
  CHECK(prefix->length == 24);
  CHECK(!sys::nl::parse_prefix("10.1.2.3/33"));
  CHECK(!sys::nl::parse_prefix("10.1.2/8"));
  CHECK(sys::nl::parse_prefix("fd42::1")->length == 128);
  CHECK(sys::nl::format_mac(*sys::nl::parse_mac("00:16:3e:0A:ff:01")) == "00:16:3e:0a:ff:01");
  CHECK(!sys::nl::parse_mac("00:16:3e:0A:ff"));
  CHECK(sys::random_hwaddr().size() == 17);
}

TEST_CASE("the loopback interface is listed") {
  auto socket = sys::Netlink::open();
  REQUIRE(socket);
  auto lo = socket->link("lo");
  REQUIRE(lo);
  CHECK(lo->mtu == 65536);
  CHECK(socket->link("nosuchlink").error().code() == Code::not_found);
}

TEST_CASE("run collects both outputs and the exit code") {
  auto done = sys::run(Context(), {"sh", "-c", "cat; echo err >&2; exit 3"}, {.input = "in", .check = false});
  REQUIRE(done);
  CHECK(done->out == "in");
  CHECK(done->err == "err\n");
  CHECK(done->status.code == 3);
  auto failed = sys::run(Context(), {"sh", "-c", "echo why >&2; exit 4"});
  REQUIRE(!failed);
  CHECK(failed.error().message().contains("exit status 4 (why)"));
  CHECK(sys::run(Context().with_timeout(milliseconds(50)), {"sleep", "5"}).error().code() == Code::timeout);
  CHECK(sys::spawn({.argv = {"no-such-program-x"}}).error().code() == Code::unsupported);
}

TEST_CASE("A program that was started takes its input in parts, and ends when it is dropped") {
  auto cat = sys::StartedRun::start({.argv = {"cat"}}, true);
  REQUIRE(cat);
  REQUIRE(cat->feed("one "));
  auto done = cat->finish(Context(), {.input = "two"});
  REQUIRE(done);
  CHECK(done->out == "one two");
  auto deaf = sys::StartedRun::start({.argv = {"cat"}}, false);
  REQUIRE(deaf);
  CHECK_FALSE(deaf->feed("one"));
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd ours(ends[0]), its(ends[1]);
  {
    auto waits = sys::StartedRun::start({.argv = {"cat"}, .fds = {{its.get(), 3}}}, true);
    REQUIRE(waits);
    its.reset();
  }
  char byte;
  CHECK(read(ours.get(), &byte, 1) == 0);  // nobody has the other end any more
}
