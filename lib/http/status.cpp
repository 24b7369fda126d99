#include "http/status.h"

#include <utility>

namespace http {
namespace {

struct Row {
  Code code;
  int status;
};
constexpr Row kCodes[] = {
    {Code::invalid, 400},   {Code::unauthorized, 401}, {Code::forbidden, 403},   {Code::not_found, 404},
    {Code::conflict, 409},  {Code::precondition, 412}, {Code::too_large, 413},   {Code::locked, 423},
    {Code::internal, 500},  {Code::unsupported, 501},  {Code::unavailable, 503}, {Code::timeout, 500},
    {Code::cancelled, 500},
};

constexpr std::pair<int, std::string_view> kReasons[] = {
    {101, "Switching Protocols"}, {200, "OK"},          {201, "Created"},           {202, "Accepted"},
    {204, "No Content"},          {206, "Partial Content"}, {301, "Moved Permanently"}, {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},         {401, "Unauthorized"}, {403, "Forbidden"},        {404, "Not Found"},
    {405, "Method Not Allowed"},  {408, "Request Timeout"}, {409, "Conflict"},      {412, "Precondition Failed"},
    {413, "Request Entity Too Large"}, {416, "Requested Range Not Satisfiable"},    {423, "Locked"},
    {426, "Upgrade Required"},    {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"},
};

}  // namespace

int status_of(Code code) {
  for (const Row& row : kCodes) {
    if (row.code == code) return row.status;
  }
  return 500;
}

Code code_of(int status) {
  for (const Row& row : kCodes) {
    if (row.status == status) return row.code;
  }
  return Code::internal;
}

std::string_view reason(int status) {
  for (const auto& [number, text] : kReasons) {
    if (number == status) return text;
  }
  return "";
}

}  // namespace http
