// Wire types, packets both ways, and the key exchange's two sides agreeing.
#include <catch2/catch_test_macros.hpp>

#include "ssh/crypto.h"
#include "ssh/packets.h"
#include "ssh/wire.h"

using namespace ssh;

TEST_CASE("ssh: integers and texts", "[ssh]") {
  CHECK(Writer().integer(std::string_view("\0\0\x80", 3)).bytes() == std::string("\0\0\0\x02\0\x80", 6));
  CHECK(Writer().integer(std::string_view("\0\0", 2)).bytes() == std::string(4, '\0'));
  std::string bytes = Writer(94).number(7).text("abc").boolean(true).bytes();
  Reader reader(bytes);
  CHECK(reader.byte() == 94);
  CHECK(reader.number() == 7);
  CHECK(reader.text() == "abc");
  CHECK(reader.boolean());
  CHECK(reader.good());
  CHECK(reader.text().empty());
  CHECK_FALSE(reader.good());
  std::string_view huge("\xff\xff\xff\xff" "ab", 6);
  Reader liar(huge);
  CHECK(liar.text().empty());
  CHECK_FALSE(liar.good());
}

namespace {
std::unique_ptr<PacketCipher> cipher() { return std::move(*PacketCipher::make(std::string(32, 'k'), std::string(16, 'v'), std::string(32, 'm'))); }
}  // namespace

TEST_CASE("ssh: packets survive any cut, forged ones don't", "[ssh]") {
  Packets sender, receiver;
  sender.encrypt = cipher();
  receiver.decrypt = cipher();
  std::string big(40000, 'x');
  for (const std::string& payload : {std::string("a"), big, std::string("end")}) sender.write(payload);
  std::vector<std::string> got;
  for (size_t at = 0; at < sender.output.size(); at += 1000) {
    receiver.feed(std::string_view(sender.output).substr(at, 1000));
    while (auto payload = receiver.next()) {
      if (!*payload) break;
      got.push_back(**payload);
    }
  }
  CHECK(got == std::vector<std::string>{"a", big, "end"});

  Packets other, victim;
  other.encrypt = cipher();
  victim.decrypt = cipher();
  other.write("hello");
  other.output.back() ^= 1;
  victim.feed(other.output);
  CHECK_FALSE(victim.next());
}

TEST_CASE("ssh: broken lengths are refused before anything is reserved", "[ssh]") {
  Packets receiver;
  receiver.feed(std::string("\x7f\xff\xff\xff\0\0\0\0", 8));
  CHECK_FALSE(receiver.next());
  CHECK_FALSE(agree("short"));
  CHECK_FALSE(agree(std::string(32, '\0')));
}
