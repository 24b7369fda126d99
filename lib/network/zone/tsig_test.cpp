#include "network/zone/tsig.h"

#include <catch2/catch_test_macros.hpp>

#include "network/zone/dns_message.h"

using namespace network::zone;

namespace {

/// A transfer query for "z.example".
std::string query() {
  std::string packet("\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  return packet + std::string("\x01z\x07" "example\x00\x00\xfc\x00\x01", 15);
}

const Tsig kParameters{.name = "z.example_peer", .algorithm = "hmac-sha256"};
const std::string kKey = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

}  // namespace

TEST_CASE("signed DNS messages verify with their key, in time, unchanged", "[dns]") {
  CHECK_FALSE(find_tsig(query()));
  std::string packet = sign_tsig(query(), kParameters, kKey, 1000, nullptr);
  auto tsig = find_tsig(packet);
  REQUIRE(tsig);
  CHECK(tsig->name == "z.example_peer");
  CHECK(tsig->algorithm == "hmac-sha256");
  CHECK(tsig->start == query().size());
  CHECK(parse_query(packet)->name == "z.example");
  CHECK(verify_tsig(packet, *tsig, kKey, 1100));
  CHECK_FALSE(verify_tsig(packet, *tsig, kKey, 2000));
  CHECK_FALSE(verify_tsig(packet, *tsig, "b3RoZXI=", 1100));
  CHECK_FALSE(verify_tsig(packet, *tsig, "", 1100));
  packet[14] ^= 1;
  CHECK_FALSE(verify_tsig(packet, *tsig, kKey, 1100));
}

TEST_CASE("an answer's signature covers the query's", "[dns]") {
  auto asked = *find_tsig(sign_tsig(query(), kParameters, kKey, 1000, nullptr));
  std::string answer = build_answer(*parse_query(query()), 0, {});
  std::string with = sign_tsig(answer, kParameters, kKey, 1000, &asked), without = sign_tsig(answer, kParameters, kKey, 1000, nullptr);
  CHECK(find_tsig(with)->mac != find_tsig(without)->mac);
  CHECK(find_tsig(with)->mac.size() == 32);
}

TEST_CASE("damaged signatures are none", "[dns]") {
  std::string packet = sign_tsig(query(), kParameters, kKey, 1000, nullptr);
  constexpr size_t kIgnoredEnd = 4;  // error and other data, which are not read
  for (size_t size = 0; size < packet.size() - kIgnoredEnd; size++) CHECK_FALSE(find_tsig(packet.substr(0, size)));
}
