// Incremental HTTP/1 parsing of requests (server) and answers (client), over llhttp. Strict: ambiguous framing is an error.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace http {

/// Parses one message after the other from bytes that arrive in any pieces. Bodies are passed through, not kept.
class Parser {
 public:
  enum class Type { request, answer };
  enum class Event {
    more,   ///< all input used, nothing complete
    head,   ///< the head is complete: head() is valid
    body,   ///< Step::body holds a piece of the body (a view into the input)
    end,    ///< the message is complete; the next feed() starts a new one
    error,  ///< error() says why; the parser is dead
  };
  struct Step {
    Event event = Event::more;
    size_t used = 0;        ///< bytes of the input consumed
    std::string_view body;
  };
  struct Head {
    std::string method;     ///< requests
    std::string target;     ///< requests: path and query
    int status = 0;         ///< answers
    Headers headers;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool upgrade = false;   ///< asks for (or grants) another protocol
    bool chunked = false;
    std::optional<uint64_t> content_length;
    bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  };
  static constexpr size_t kMaxHead = 64 << 10;

  explicit Parser(Type type);
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  Step feed(std::string_view input);
  /// Bytes of a body of known length, from its second byte on, that something else may take than feed(); the last one is feed()'s.
  uint64_t body_ahead() const;
  /// That many of them were taken.
  void skip_body(uint64_t count);
  /// Answers only: the next one belongs to a HEAD request and has no body.
  void expect_no_body();
  /// The input ended. True if that completes the message (a body delimited by the end of the connection).
  bool finish();

  Head& head();
  /// Bytes of the current head seen so far: 0 between messages.
  size_t head_bytes() const;
  /// Why parsing failed, and the status a server answers: 400, 431 or 505.
  const std::string& error() const;
  int error_status() const;

 private:
  friend struct ParserCallbacks;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace http
