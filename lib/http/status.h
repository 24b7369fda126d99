// HTTP status codes: their phrases, and the one mapping between them and error codes.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace http {

std::string_view reason(int status);
int status_of(Code code);
/// The code an answer's status stands for (client side).
Code code_of(int status);
/// The API's error envelope.
std::string error_body(int status, std::string_view text);
Response error_response(int status, std::string_view text);
Response error_response(const Error& error);

}  // namespace http
