#include "http/parser.h"

#include <llhttp.h>

#include <format>

namespace http {

struct Parser::Impl {
  llhttp_t llhttp;
  Head head;
  std::string name;       // of the header being read
  std::string value;
  Event event = Event::more;
  std::string_view body;
  size_t head_bytes = 0;
  bool in_head = true, body_begun = false;
  bool no_body = false;
  std::string error;
  int error_status = 400;

  static Impl& of(llhttp_t* parser) { return *static_cast<Impl*>(parser->data); }

  void begin() {
    head = Head();
    head_bytes = 0;
    in_head = true;
    body_begun = false;
  }
  void fill_head() {
    head.http_1_0 = llhttp.http_major == 1 && llhttp.http_minor == 0;
    head.keep_alive = llhttp_should_keep_alive(&llhttp);
    head.upgrade = llhttp.upgrade;
    head.chunked = llhttp.flags & F_CHUNKED;
    if (llhttp.flags & F_CONTENT_LENGTH) head.content_length = llhttp.content_length;
    head.status = llhttp.status_code;
    if (llhttp.type == HTTP_REQUEST) head.method = llhttp_method_name(static_cast<llhttp_method_t>(llhttp.method));
    in_head = false;
    event = Event::head;
  }
  Step fail(int status, std::string text) {
    error_status = status;
    error = std::move(text);
    return {.event = Event::error};
  }
};

/// Callbacks are plain functions: llhttp is C.
struct ParserCallbacks {
  using Impl = Parser::Impl;
  static int target(llhttp_t* p, const char* at, size_t n) { return Impl::of(p).head.target.append(at, n), 0; }
  static int name(llhttp_t* p, const char* at, size_t n) { return Impl::of(p).name.append(at, n), 0; }
  static int value(llhttp_t* p, const char* at, size_t n) { return Impl::of(p).value.append(at, n), 0; }
  static int header_done(llhttp_t* p) {
    Impl& self = Impl::of(p);
    if (self.in_head) self.head.headers.add(std::move(self.name), std::move(self.value));  // trailers are dropped
    self.name.clear();
    self.value.clear();
    return 0;
  }
  static int head_done(llhttp_t* p) {
    Impl& self = Impl::of(p);
    self.fill_head();
    return HPE_PAUSED;
  }
  static int body(llhttp_t* p, const char* at, size_t n) {
    if (n == 0) return 0;  // llhttp closes its span at the end of every input, empty ones too
    Impl& self = Impl::of(p);
    self.event = Parser::Event::body;
    self.body_begun = true;
    self.body = {at, n};
    return HPE_PAUSED;
  }
  static int done(llhttp_t* p) {
    Impl::of(p).event = Parser::Event::end;
    return HPE_PAUSED;
  }
};

namespace {

const llhttp_settings_t& settings() {
  static const llhttp_settings_t table = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = ParserCallbacks::target;
    s.on_header_field = ParserCallbacks::name;
    s.on_header_value = ParserCallbacks::value;
    s.on_header_value_complete = ParserCallbacks::header_done;
    s.on_headers_complete = ParserCallbacks::head_done;
    s.on_body = ParserCallbacks::body;
    s.on_message_complete = ParserCallbacks::done;
    return s;
  }();
  return table;
}

}  // namespace

Parser::Parser(Type type) : impl_(std::make_unique<Impl>()) {
  llhttp_init(&impl_->llhttp, type == Type::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  impl_->llhttp.data = impl_.get();
}

Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

void Parser::expect_no_body() { impl_->no_body = true; }

Parser::Step Parser::feed(std::string_view input) {
  Impl& self = *impl_;
  if (!self.error.empty()) return {.event = Event::error};
  if (self.event == Event::end) {
    if (input.empty()) return {};  // the head stays readable until the next message begins
    self.begin();
  }
  self.event = Event::more;
  self.body = {};
  // A HEAD answer's length describes a body that does not come.
  if (self.no_body && !self.in_head) {
    self.no_body = false;
    llhttp_reset(&self.llhttp);
    self.event = Event::end;
    return {.event = Event::end};
  }
  if (llhttp_get_errno(&self.llhttp) == HPE_PAUSED) llhttp_resume(&self.llhttp);
  llhttp_errno_t code = llhttp_execute(&self.llhttp, input.data(), input.size());
  size_t used = input.size();
  if (code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE) used = llhttp_get_error_pos(&self.llhttp) - input.data();
  if (code == HPE_PAUSED_UPGRADE) {
    llhttp_resume_after_upgrade(&self.llhttp);
    self.event = Event::end;
  } else if (code != HPE_OK && code != HPE_PAUSED) {
    if (code == HPE_INVALID_VERSION) return self.fail(505, "Unsupported HTTP version");
    return self.fail(400, std::format("Malformed HTTP message: {}", llhttp_get_error_reason(&self.llhttp)));
  }
  if (self.in_head || self.event == Event::head) {
    self.head_bytes += used;
    if (self.head_bytes > kMaxHead) return self.fail(431, std::format("The request's head is larger than {} bytes", kMaxHead));
  }
  return {.event = self.event, .used = used, .body = self.body};
}

uint64_t Parser::body_ahead() const {
  const Impl& self = *impl_;
  // Behind a piece of the body llhttp only counts its bytes down.
  bool inside = self.event == Event::body || (self.event == Event::more && !self.in_head);
  return inside && self.body_begun && !self.head.chunked && self.head.content_length && self.llhttp.content_length > 1 ? self.llhttp.content_length - 1 : 0;
}

void Parser::skip_body(uint64_t count) { impl_->llhttp.content_length -= count; }

bool Parser::finish() {
  if (!impl_->error.empty() || impl_->in_head || impl_->event == Event::end) return false;
  if (impl_->no_body) return true;
  if (llhttp_get_errno(&impl_->llhttp) == HPE_PAUSED) llhttp_resume(&impl_->llhttp);
  llhttp_errno_t code = llhttp_finish(&impl_->llhttp);
  return (code == HPE_OK || code == HPE_PAUSED) && impl_->event == Event::end;
}

Parser::Head& Parser::head() { return impl_->head; }
size_t Parser::head_bytes() const { return impl_->event == Event::end ? 0 : impl_->head_bytes; }
const std::string& Parser::error() const { return impl_->error; }
int Parser::error_status() const { return impl_->error_status; }

}  // namespace http
