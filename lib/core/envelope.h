// The JSON envelope around every answer of the API (wire.md, section 1). The only place that knows its fields and headers.
#pragma once
#include <string>

#include "core/operation.h"
#include "http/message.h"

namespace core {

/// `body` is JSON text, envelope and all.
http::Response json_response(int status, std::string body);
/// The envelope of a plain success around `metadata`, which is JSON text.
std::string sync_body(std::string_view metadata);
http::Response sync_response(std::string_view metadata, const std::string& etag = "", const std::string& location = "");
http::Response async_response(const Operation& operation);
http::Response error_response(int status, std::string_view message);
http::Response error_response(const Error& error);
/// sha256 hex of the JSON text: the ETag of a writable part.
std::string etag_of(std::string_view json);

}  // namespace core
