// The one mapping between error codes and HTTP statuses.
#pragma once
#include <string_view>

#include "base/result.h"

namespace http {

int status_of(Code code);
/// The code a client derives from an error reply.
Code code_of(int status);
/// "Not Found"; empty for statuses that nobody here sends.
std::string_view reason(int status);

}  // namespace http
