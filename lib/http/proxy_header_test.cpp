#include "http/proxy_header.h"

#include <catch2/catch_test_macros.hpp>

using namespace http;
using Kind = ProxyHeader::Kind;

namespace {

std::string block(std::string_view rest) { return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + std::string(rest); }

}  // namespace

TEST_CASE("proxy header, version 1") {
  auto header = parse_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.1 5000 8443\r\nGET /");
  CHECK(header.kind == Kind::complete);
  CHECK(header.length == 45);
  CHECK(header.address == "192.0.2.1:5000");
  CHECK(parse_proxy_header("PROXY TCP6 2001:db8::1 2001:db8::2 5000 8443\r\n").address == "[2001:db8::1]:5000");
  CHECK(parse_proxy_header("PROXY UNKNOWN\r\n").kind == Kind::complete);
  CHECK(parse_proxy_header("PROXY TCP4 192.0.2.1").kind == Kind::incomplete);
  CHECK(parse_proxy_header("PR").kind == Kind::incomplete);
  CHECK(parse_proxy_header("PROXY TCP4 nonsense 198.51.100.1 5000 8443\r\n").kind == Kind::malformed);
  CHECK(parse_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.1 99999 8443\r\n").kind == Kind::malformed);
  CHECK(parse_proxy_header("PROXY TCP4 " + std::string(200, 'x')).kind == Kind::malformed);
}

TEST_CASE("proxy header, version 2") {
  std::string v4 = block(std::string("\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x13\x88\x20\xfb", 16));
  auto header = parse_proxy_header(v4 + "rest");
  CHECK(header.kind == Kind::complete);
  CHECK(header.length == v4.size());
  CHECK(header.address == "192.0.2.1:5000");
  CHECK(parse_proxy_header(std::string_view(v4).substr(0, 20)).kind == Kind::incomplete);
  auto local = parse_proxy_header(block(std::string("\x20\x00\x00\x00", 4)));
  CHECK(local.kind == Kind::complete);
  CHECK(local.address.empty());
  CHECK(parse_proxy_header(block(std::string("\x21\x11\x00\x04\x01\x02\x03\x04", 8))).kind == Kind::malformed);
  CHECK(parse_proxy_header(block(std::string("\x11\x11\x00\x00", 4))).kind == Kind::malformed);
}

TEST_CASE("other protocols have no proxy header") {
  CHECK(parse_proxy_header("\x16\x03\x01").kind == Kind::none);
  CHECK(parse_proxy_header("GET / HTTP/1.1").kind == Kind::none);
  CHECK(parse_proxy_header("PUT").kind == Kind::none);
}
