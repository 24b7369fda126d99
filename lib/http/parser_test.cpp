#include "http/parser.h"

#include <catch2/catch_test_macros.hpp>

#include <format>

using http::Parser;
using Event = Parser::Event;

namespace {

/// Feeds `text` in pieces of `size` bytes; returns the events as letters and joins the bodies.
std::string events(Parser& parser, std::string_view text, size_t size, std::string* body = nullptr) {
  std::string out;
  while (!text.empty()) {
    std::string_view piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    for (;;) {
      Parser::Step step = parser.feed(piece);
      piece.remove_prefix(step.used);
      if (step.event == Event::head) out += 'h';
      if (step.event == Event::body && body) *body += step.body;
      if (step.event == Event::end) out += 'e';
      if (step.event == Event::error) return out + "!";
      if (step.event == Event::more) break;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("requests parse the same in pieces of any size, pipelined ones too") {
  std::string_view text =
      "GET /1.0?a=b HTTP/1.1\r\nHost: incus\r\nX-Two:  words here \r\n\r\n"
      "POST /x HTTP/1.1\r\nHost: incus\r\nContent-Length: 5\r\n\r\nhello"
      "PUT /y HTTP/1.1\r\nHost: incus\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
  for (size_t size : {1, 2, 7, 64, 1000}) {
    Parser parser(Parser::Type::request);
    std::string body;
    CHECK(events(parser, text, size, &body) == "hehehe");
    CHECK(body == "helloabcde");
    CHECK(parser.head().method == "PUT");
    CHECK(parser.head().target == "/y");
    CHECK(parser.head().chunked);
    CHECK(parser.head_bytes() == 0);
  }
}

TEST_CASE("the head is complete before the body is read") {
  Parser parser(Parser::Type::request);
  auto step = parser.feed("POST /1.0/images HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE(step.event == Event::head);
  CHECK(parser.head().content_length == 3);
  CHECK(parser.head().headers.get("expect") == "100-continue");
  CHECK(parser.head().keep_alive);
  step = parser.feed("abc");
  REQUIRE(step.event == Event::body);
  CHECK(step.body == "abc");
  CHECK(parser.feed("").event == Event::end);
}

TEST_CASE("limits and malformed messages") {
  Parser huge(Parser::Type::request);
  CHECK(events(huge, "GET / HTTP/1.1\r\nX: " + std::string(70000, 'a'), 1000).back() == '!');
  CHECK(huge.error_status() == 431);
  for (std::string_view text : {"BLAH / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "GET /\r\n\r\nx\r\n",
                                "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                "\x16\x03\x01\x02"}) {
    Parser parser(Parser::Type::request);
    std::string seen = events(parser, text, 1000);
    INFO(text);
    CHECK(seen.ends_with('!'));
  }
  Parser version(Parser::Type::request);
  CHECK(events(version, "GET / HTTP/3.7\r\n\r\n", 100) == "!");
  CHECK(version.error_status() == 505);
}

TEST_CASE("HTTP/1.0 does not keep the connection unless asked") {
  Parser plain(Parser::Type::request);
  CHECK(events(plain, "GET / HTTP/1.0\r\n\r\n", 100) == "he");
  CHECK(plain.head().http_1_0);
  CHECK_FALSE(plain.head().keep_alive);
  Parser kept(Parser::Type::request);
  CHECK(events(kept, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 100) == "he");
  CHECK(kept.head().keep_alive);
}

TEST_CASE("an upgrade request ends with its head; what follows is left alone") {
  Parser parser(Parser::Type::request);
  std::string text = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  auto step = parser.feed(text + "\x81\x80");
  REQUIRE(step.event == Event::head);
  CHECK(parser.head().upgrade);
  CHECK(step.used <= text.size());
  std::string rest = (text + "\x81\x80").substr(step.used);
  step = parser.feed(rest);
  CHECK(step.event == Event::end);
  CHECK(rest.size() - step.used == 2);
}

TEST_CASE("answers: HEAD has no body, and one without a length ends with the connection") {
  Parser head(Parser::Type::answer);
  head.expect_no_body();
  CHECK(events(head, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 100) == "he");
  std::string body;
  CHECK(events(head, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 100, &body) == "he");
  CHECK(body == "no");
  CHECK(head.head().status == 404);
  Parser until_close(Parser::Type::answer);
  body.clear();
  CHECK(events(until_close, "HTTP/1.0 200 OK\r\n\r\nabc", 4, &body) == "h");
  CHECK(until_close.finish());
  CHECK(body == "abc");
  Parser cut(Parser::Type::answer);
  CHECK(events(cut, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 100) == "h");
  CHECK_FALSE(cut.finish());
}
