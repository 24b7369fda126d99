// Errors as values: every fallible call returns Result<T>; exceptions are for bugs and out-of-memory only.
#pragma once
#include <expected>
#include <format>
#include <string>
#include <string_view>
#include <utility>

/// What went wrong, in terms a client can act on. http/status.cpp maps each to one HTTP status.
enum class Code {
  invalid,       ///< 400: the request cannot be right
  unauthorized,  ///< 401
  forbidden,     ///< 403
  not_found,     ///< 404: an entity the caller named does not exist
  conflict,      ///< 409: already exists
  precondition,  ///< 412: ETag mismatch
  too_large,     ///< 413
  locked,        ///< 423
  unsupported,   ///< 501: not built, or switched off because a program is missing
  unavailable,   ///< 503: shutting down, busy
  internal,      ///< 500
  cancelled,     ///< the operation was cancelled (operation status 401)
  timeout,       ///< a deadline passed
};

/// An error with the message chain a user reads ("outer: inner") and, where a system call failed, its errno.
class Error {
 public:
  Error(Code code, std::string message, int sys_errno = 0)
      : code_(code), errno_(sys_errno), message_(std::move(message)) {}

  Code code() const { return code_; }
  int sys_errno() const { return errno_; }
  const std::string& message() const { return message_; }

  /// Adds context going up: "context: message".
  Error wrap(std::string_view context) && {
    message_ = std::format("{}: {}", context, message_);
    return std::move(*this);
  }
  Error wrap(std::string_view context) const& { return Error(*this).wrap(context); }
  Error with_code(Code code) && {
    code_ = code;
    return std::move(*this);
  }

 private:
  Code code_;
  int errno_;
  std::string message_;
};

template <class T = void>
using Result = std::expected<T, Error>;
using Failure = std::unexpected<Error>;

/// fail(Code::invalid, "Invalid name {}", quote(name))
template <class... Args>
[[nodiscard]] Failure fail(Code code, std::format_string<Args...> format, Args&&... args) {
  return Failure(Error(code, std::format(format, std::forward<Args>(args)...)));
}

/// A failed system call: code internal, "what: strerror(errno)". Only code that knows better picks another code.
[[nodiscard]] Failure fail_errno(std::string_view what, int sys_errno);
[[nodiscard]] Failure fail_errno(std::string_view what);

/// `T value = TRY(expr);` returns the error to the caller, else yields the value (also for Result<void>).
#define TRY(...)                                                            \
  ({                                                                        \
    auto&& try_result_ = (__VA_ARGS__);                                     \
    if (!try_result_) return std::unexpected(std::move(try_result_).error()); \
    std::move(try_result_).value();                                         \
  })

/// TRY that adds context to the error: `TRY_CTX(expr, "Failed starting device \"{}\"", name)`.
#define TRY_CTX(expr, ...)                                                                          \
  ({                                                                                                \
    auto&& try_result_ = (expr);                                                                    \
    if (!try_result_) return std::unexpected(std::move(try_result_).error().wrap(std::format(__VA_ARGS__))); \
    std::move(try_result_).value();                                                                 \
  })
