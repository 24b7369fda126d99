#include "core/envelope.h"

#include <format>

#include "api/json.h"
#include "archive/hash.h"
#include "http/status.h"

namespace core {

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::string sync_body(std::string_view metadata) {
  std::string body;
  body.reserve(metadata.size() + 128);
  body += R"({"type":"sync","status":"Success","status_code":200,"operation":"","error_code":0,"error":"","metadata":)";
  body += metadata;
  body += "}\n";
  return body;
}

http::Response sync_response(std::string_view metadata, const std::string& etag, const std::string& location) {
  http::Response response = json_response(location.empty() ? 200 : 201, sync_body(metadata));
  if (!etag.empty()) response.headers.set("Etag", '"' + etag + '"');
  if (!location.empty()) response.headers.set("Location", location);
  return response;
}

http::Response async_response(const Operation& operation) {
  std::string url = operation.url();
  std::string body = std::format(
      R"({{"type":"async","status":"Operation created","status_code":100,"operation":"{}","error_code":0,"error":"","metadata":{}}})", url,
      api::dump(operation.render()));
  http::Response response = json_response(202, body + "\n");
  response.headers.set("Location", url);
  return response;
}

http::Response error_response(int status, std::string_view message) {
  std::string body = std::format(R"({{"type":"error","status":"","status_code":0,"operation":"","error_code":{},"error":)", status);
  api::append_json_string(body, message);
  http::Response response = json_response(status, body + ",\"metadata\":null}\n");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

http::Response error_response(const Error& error) { return error_response(http::status_of(error.code()), error.message()); }

std::string etag_of(std::string_view json) { return archive::sha256_hex(std::string(json) + "\n"); }

}  // namespace core
