#include "http/status.h"

#include <algorithm>
#include <format>

#include "api/json.h"

namespace http {

namespace {

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {
    {100, "Continue"}, {101, "Switching Protocols"}, {200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
    {206, "Partial Content"}, {301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
    {307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
    {404, "Not Found"}, {405, "Method Not Allowed"}, {406, "Not Acceptable"}, {408, "Request Timeout"}, {409, "Conflict"},
    {411, "Length Required"}, {412, "Precondition Failed"}, {413, "Request Entity Too Large"}, {415, "Unsupported Media Type"},
    {416, "Requested Range Not Satisfiable"}, {417, "Expectation Failed"}, {423, "Locked"}, {426, "Upgrade Required"},
    {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
    {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
};

struct Mapping {
  Code code;
  int status;
};
constexpr Mapping kMappings[] = {
    {Code::invalid, 400}, {Code::unauthorized, 401}, {Code::forbidden, 403}, {Code::not_found, 404}, {Code::conflict, 409},
    {Code::precondition, 412}, {Code::too_large, 413}, {Code::locked, 423}, {Code::internal, 500}, {Code::unsupported, 501},
    {Code::unavailable, 503}, {Code::cancelled, 500}, {Code::timeout, 500},
};

}  // namespace

std::string_view reason(int status) {
  auto found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == std::end(kPhrases) ? "" : found->text;
}

int status_of(Code code) {
  auto found = std::ranges::find(kMappings, code, &Mapping::code);
  return found == std::end(kMappings) ? 500 : found->status;
}

Code code_of(int status) {
  auto found = std::ranges::find(kMappings, status, &Mapping::status);
  if (found != std::end(kMappings)) return found->code;
  return status < 500 ? Code::invalid : Code::internal;
}

std::string error_body(int status, std::string_view text) {
  std::string out = std::format(R"({{"type":"error","status":"","status_code":0,"operation":"","error_code":{},"error":)", status);
  api::append_json_string(out, text);
  return out + ",\"metadata\":null}\n";
}

Response error_response(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = error_body(status, text);
  return response;
}

Response error_response(const Error& error) { return error_response(status_of(error.code()), error.message()); }

}  // namespace http
