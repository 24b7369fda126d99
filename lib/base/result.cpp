#include "base/result.h"

#include <cerrno>
#include <cstring>

Failure fail_errno(std::string_view what, int sys_errno) {
  return Failure(Error(Code::internal, std::format("{}: {}", what, strerror(sys_errno)), sys_errno));
}

Failure fail_errno(std::string_view what) { return fail_errno(what, errno); }
