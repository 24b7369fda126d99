#include <catch2/catch_test_macros.hpp>

#include <poll.h>
#include <thread>

#include "base/encode.h"
#include "base/reverter.h"
#include "base/strings.h"
#include "base/timestamp.h"
#include "base/units.h"

TEST_CASE("times read and write RFC 3339") {
  CHECK(Timestamp{}.rfc3339() == "0001-01-01T00:00:00Z");
  auto parsed = Timestamp::parse("2026-01-02T03:04:05.120+02:00");
  REQUIRE(parsed);
  CHECK(parsed->rfc3339() == "2026-01-02T03:04:05.12+02:00");  // the offset stays
  CHECK(Timestamp::parse("0001-01-01T00:00:00Z")->is_zero());
  for (const char* bad : {"", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+1"})
    CHECK(!Timestamp::parse(bad));
  CHECK(Timestamp{10, 900000000}.plus(std::chrono::milliseconds(200)) == Timestamp{11, 100000000});
}

TEST_CASE("sizes") {
  CHECK(parse_byte_size("10GiB") == 10LL << 30);
  CHECK(parse_byte_size("512kB") == 512000);
  CHECK(parse_byte_size("17") == 17);
  CHECK(parse_byte_size("3 MB") == 3000000);
  CHECK(parse_bit_size("100Mbit") == 100000000);
  for (const char* bad : {"", "GiB", "10XB", "99999999999EiB", "1.5GiB"}) CHECK(!parse_byte_size(bad));
  CHECK(format_byte_size(17) == "17B");
  CHECK(format_byte_size(1234567) == "1.18MiB");
}

TEST_CASE("encodings round-trip and refuse rubbish") {
  for (size_t n = 0; n < 20; n++) {
    std::string bytes = random_bytes(n);
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    CHECK(hex_decode(hex_encode(bytes)) == bytes);
  }
  CHECK(!hex_decode("abc"));
  CHECK(!base64_decode("a*b="));
  CHECK(is_uuid(random_uuid()));
  CHECK(url_unescape(url_escape("a b/ü?%")) == "a b/ü?%");
  CHECK(!url_unescape("%zz"));
}

TEST_CASE("splitting") {
  CHECK(split("a,b,,c", ',') == StringList{"a", "b", "", "c"});
  CHECK(split("a=b=c", '=', 2) == StringList{"a", "b=c"});
  CHECK(split_list(" a , ,b") == StringList{"a", "b"});
}

TEST_CASE("undo runs in reverse, and not after a commit") {
  std::string order;
  {
    Reverter undo;
    undo.add("one", [&](const Context&) -> Result<> { order += '1'; return {}; });
    undo.add("two", [&](const Context&) -> Result<> { order += '2'; return {}; });
  }
  CHECK(order == "21");
  {
    Reverter undo;
    undo.add("three", [&](const Context&) -> Result<> { order += '3'; return {}; });
    undo.commit();
  }
  CHECK(order == "21");
}

TEST_CASE("a stop wakes a wait, a deadline ends it") {
  std::stop_source source;
  Context ctx(source.get_token());
  std::thread stopper([&] { source.request_stop(); });
  auto slept = ctx.sleep(seconds(60));
  stopper.join();
  REQUIRE(!slept);
  CHECK(slept.error().code() == Code::cancelled);
  auto late = Context::detached(milliseconds(1)).sleep(seconds(60));
  REQUIRE(!late);
  CHECK(late.error().code() == Code::timeout);
  CHECK(Context().sleep(milliseconds(1)));
}
