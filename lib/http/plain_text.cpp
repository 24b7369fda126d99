#include "http/plain_text.h"

namespace http {

Response plain_text(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.body = std::move(text) + "\n";
  return response;
}

}  // namespace http
