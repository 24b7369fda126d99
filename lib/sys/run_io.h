// The three pipes of sys::run(): feeds standard input and collects both outputs without deadlock.
#pragma once
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"

namespace sys {

struct SpawnSpec;

class RunPipes {
 public:
  /// Puts the child's ends into `spec` where it has no descriptor of its own.
  static Result<RunPipes> open(SpawnSpec& spec, bool with_input);
  void close_child_ends();
  /// A part of the input that fits into the pipe. Errors: internal (the child reads no input).
  Result<> feed(std::string_view text);
  /// Until both outputs end. Errors: cancelled, timeout, too_large.
  Result<> pump(const Context&, std::string_view input, size_t max_output, std::string& out, std::string& err);

 private:
  UniqueFd in_read_, in_write_, out_read_, out_write_, err_read_, err_write_;
};

}  // namespace sys
