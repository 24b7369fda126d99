#include "vsock/ring.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/eventfd.h>

#include "vsock/test_guest.h"

using namespace vsock;

namespace {

struct Fixture {
  TestMemory raw;
  GuestMemory memory;
  Ring ring;
  TestRing driver{raw, 0, ring};
  Chain chain;

  Fixture() {
    REQUIRE(memory.add({TestMemory::kGuest, TestMemory::kSize, TestMemory::kUser, 0}, raw.fd()));
    REQUIRE(ring.resolve(memory));
  }
  Ring::Peek peek() { return ring.peek(memory, chain); }
};

constexpr uint16_t kNext = 1, kWrite = 2, kIndirect = 4;
constexpr uint64_t kData = TestMemory::kGuest + 0x10000;

}  // namespace

TEST_CASE_METHOD(Fixture, "A chain has its pieces in order, readable ones first") {
  driver.describe(3, kData, 44, kNext, 5);
  driver.describe(5, kData + 100, 0, kNext, 1);  // empty ones are allowed
  driver.describe(1, kData + 200, 1000, kNext, 0);
  driver.describe(0, kData + 4096, 16, kWrite);
  CHECK(peek() == Ring::Peek::empty);
  driver.offer(3);
  REQUIRE(peek() == Ring::Peek::chain);
  CHECK(chain.readable == 1044);
  CHECK(chain.writable == 16);
  CHECK(chain.to_read().size() == 2);
  CHECK(chain.to_write().size() == 1);
  auto rest = trim(chain.to_read(), 50, 10);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].iov_len == 10);
  CHECK(rest[0].iov_base == memory.at_guest(kData + 206, 1).data());
}

TEST_CASE_METHOD(Fixture, "What a driver may not do makes a chain malformed") {
  SECTION("a loop") {
    driver.describe(0, kData, 1, kNext, 1);
    driver.describe(1, kData, 1, kNext, 0);
  }
  SECTION("a link out of the table") { driver.describe(0, kData, 1, kNext, TestRing::kSize); }
  SECTION("no such memory") { driver.describe(0, TestMemory::kGuest + TestMemory::kSize, 1, 0); }
  SECTION("memory that ends too early") { driver.describe(0, TestMemory::kGuest + TestMemory::kSize - 4, 8, 0); }
  SECTION("an address at the end of the world") { driver.describe(0, UINT64_MAX - 3, 8, 0); }
  SECTION("readable behind writable") {
    driver.describe(0, kData, 8, kWrite | kNext, 1);
    driver.describe(1, kData, 8, 0);
  }
  SECTION("an indirect table of odd length") { driver.describe(0, kData, 24, kIndirect); }
  SECTION("an indirect table outside of memory") { driver.describe(0, TestMemory::kGuest + TestMemory::kSize - 16, 32, kIndirect); }
  SECTION("tables in tables") {
    driver.describe(0, kData, 16, kIndirect);
    raw.word<TestDescriptor>(0x10000) = {kData, 16, kIndirect, 0};
  }
  SECTION("too many pieces") {
    driver.describe(0, kData, 16 * 200, kIndirect);
    for (uint16_t i = 0; i < 200; i++) raw.word<TestDescriptor>(0x10000 + 16u * i) = {kData, 1, kNext, static_cast<uint16_t>(i + 1)};
  }
  driver.offer(0);
  CHECK(peek() == Ring::Peek::malformed);
  CHECK(chain.head == 0);
}

TEST_CASE_METHOD(Fixture, "An indirect table is followed") {
  driver.describe(2, kData, 32, kIndirect);
  raw.word<TestDescriptor>(0x10000) = {kData + 4096, 10, kNext, 1};
  raw.word<TestDescriptor>(0x10010) = {kData + 8192, 20, kWrite, 0};
  driver.offer(2);
  REQUIRE(peek() == Ring::Peek::chain);
  CHECK(chain.readable == 10);
  CHECK(chain.writable == 20);
}

TEST_CASE_METHOD(Fixture, "Indices that cannot be stop the ring") {
  SECTION("a head out of the table") { driver.offer(TestRing::kSize); }
  SECTION("more chains than descriptors") { raw.word<uint16_t>(driver.available() + 2) = TestRing::kSize + 1; }
  CHECK(peek() == Ring::Peek::empty);
  CHECK(!ring.running());
  ring.give_back(0, 1);
  CHECK(driver.given_back() == 0);
}

TEST_CASE_METHOD(Fixture, "A ring outside of memory does not start") {
  ring.set_addresses(TestMemory::kUser, TestMemory::kUser + 256, TestMemory::kUser + TestMemory::kSize - 8);
  CHECK(!ring.resolve(memory));
  ring.set_addresses(TestMemory::kUser + 8, TestMemory::kUser + 256, TestMemory::kUser + 512);
  CHECK(!ring.resolve(memory));
  CHECK(!ring.set_size(3));
  CHECK(!ring.set_size(65536));
}

TEST_CASE_METHOD(Fixture, "The driver hears of what it wants to hear") {
  int call = eventfd(0, EFD_NONBLOCK);
  ring.set_call(UniqueFd(dup(call)));
  auto told = [&] {
    uint64_t count = 0;
    return read(call, &count, sizeof count) == sizeof count;
  };
  driver.describe(0, kData, 8, kWrite);
  for (int i = 0; i < 3; i++) driver.offer(0);
  SECTION("by flag") {
    ring.give_back(0, 0);
    ring.notify();
    CHECK(told());
    raw.word<uint16_t>(driver.available()) = 1;  // no interrupt
    ring.give_back(0, 0);
    ring.notify();
    CHECK(!told());
  }
  SECTION("by index") {
    ring.set_event_index(true);
    raw.word<uint16_t>(driver.available() + 4 + 2 * TestRing::kSize) = 1;  // at the second
    ring.give_back(0, 0);
    ring.notify();
    CHECK(!told());
    ring.give_back(0, 0);
    ring.notify();
    CHECK(told());
    ring.take();
    CHECK(ring.rearm());  // two chains are there already
    CHECK(raw.word<uint16_t>(driver.used() + 4 + 8 * TestRing::kSize) == 1);
  }
  close(call);
}

TEST_CASE("Regions that make no sense are refused") {
  TestMemory raw;
  GuestMemory memory;
  CHECK(!memory.add({0, 0, 0, 0}, raw.fd()));
  CHECK(!memory.add({0, TestMemory::kSize + 4096, 0, 0}, raw.fd()));          // more than the file has
  CHECK(!memory.add({0, TestMemory::kSize, 0, 4096}, raw.fd()));
  CHECK(!memory.add({0, 4096, 0, 100}, raw.fd()));                            // not a page
  CHECK(!memory.add({UINT64_MAX - 10, 4096, 0, 0}, raw.fd()));
  REQUIRE(memory.add({0x1000, 0x1000, 0x5000, 0}, raw.fd()));
  CHECK(!memory.add({0x1fff, 0x1000, 0x8000, 0}, raw.fd()));                  // overlaps
  REQUIRE(memory.add({0x2000, 0x1000, 0x9000, 0x1000}, raw.fd()));
  CHECK(memory.at_guest(0x1800, 0x1000).size() == 0x800);
  CHECK(memory.at_guest(0xfff, 1).empty());
  CHECK(memory.at_user(0x5ff8, 16) == nullptr);
  CHECK(!memory.remove(0x1000, 0x800));
  CHECK(memory.remove(0x1000, 0x1000));
  CHECK(memory.at_guest(0x1800, 1).empty());
}
