// How a Response becomes bytes: its head, and the contents that a worker sends blocking (files and chunked writers).
#pragma once
#include <memory>
#include <string>

#include "http/message.h"
#include "http/transport.h"

namespace http {

/// What the request asked for, as far as the answer's form depends on it.
struct ReplyForm {
  bool http_1_0 = false;
  bool head_only = false;   ///< HEAD: all headers, no content
  bool keep_alive = true;   ///< cleared where the answer ends with the connection
};

/// Appends status line, headers and body of an answer that has nothing but a body.
void append_reply(std::string& out, const Response& response, const ReplyForm& form);
/// The same without the body, which is returned (empty where none is sent): large ones are not worth a copy.
std::string_view append_reply_head(std::string& out, const Response& response, const ReplyForm& form);
/// Sends a `file` or `writer` answer, blocking; `out` (earlier answers) goes first. Errors: the connection cannot be used any more.
Result<> send_content(const Context& ctx, Transport& transport, std::string& out, Response& response, ReplyForm& form);
/// The head of `200 OK` with a body that lasts as long as the connection: for a Response with `takeover` and no `upgrade_protocol`.
void append_open_ended(std::string& out, const Headers& extra);
/// The head of `101 Switching Protocols`.
void append_switching(std::string& out, const std::string& protocol, const Headers& extra);

}  // namespace http
