// Source text to tokens, with the indentation of lines as tokens of its own.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "starlark/token.h"

namespace starlark {

/// Reads one program. After an error every token is kEof, so that whoever asks for the next one comes to an end.
class Scanner {
 public:
  /// `source` is the program with "\n" for ends of lines; it has to outlive the scanner and what raw() gave.
  explicit Scanner(std::string_view source) : source_(source) {}

  Token next();
  Pos start() const { return start_; }           ///< where the token begins
  Pos here() const { return here_; }             ///< behind the token
  std::string_view raw() const { return raw_; }  ///< the token as written
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string take_text() { return std::move(text_); }  ///< the value of a string or bytes literal

  /// Keeps the first error ("LINE:COLUMN: message") and ends the token stream.
  void fail(Pos pos, std::string message);
  const std::optional<std::string>& error() const { return error_; }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  bool at_end() const { return at_ >= source_.size(); }
  void step();
  bool measure_indentation();
  bool skip_blanks();
  Token finish(Token token);
  Token end_of_file();
  Token scan_word();
  Token scan_sign();
  Token scan_number();
  Token scan_string();
  Token convert_number(bool real);
  void skip_digits(int base);
  bool unquote(std::string_view body, bool raw, bool bytes);
  bool unescape(std::string_view& body, bool bytes);
  bool unescape_octal(std::string_view& body, bool bytes);
  bool unescape_hex(std::string_view& body, bool bytes);
  bool begins_string() const;

  std::string_view source_;
  size_t at_ = 0, begin_ = 0;
  Pos here_, start_;
  std::string_view raw_;
  std::vector<uint32_t> indents_ = {0};
  int dents_ = 0;   ///< indent (> 0) or outdent (< 0) tokens that are due
  size_t depth_ = 0;  ///< open brackets
  bool line_start_ = true, blank_ = false, was_line_start_ = true;
  int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  std::optional<std::string> error_;
};

}  // namespace starlark
