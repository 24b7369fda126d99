// What stand-ins for servers (client::Server's Answerer) answer with: envelopes, and image files as a server of the API sends them.
#pragma once
#include <functional>
#include <vector>

#include "api/json.h"
#include "client/client.h"

namespace client {

/// Where a request leads, in decoded parts after "/1.0"; a name below images/aliases is one part, slashes and all. Errors: not_found, invalid.
struct Question {
  StringList path;
  http::Query query;
};
Result<Question> read_question(const Request& request);

/// A 200 with `metadata`.
Answer sync_answer(const Json& metadata);

/// One file of an image: `write` hands its bytes on.
struct ImagePart {
  std::string form_name;  ///< "metadata", "rootfs", "rootfs.img"
  std::string file_name;
  std::function<Result<>(const Sink&)> write;
};
/// The one file, or all as a form, into the request's sink. `size`: bytes in all, or 0 where nobody knows. Errors: those of the parts.
Result<Answer> send_image_parts(const Request& request, const std::vector<ImagePart>& parts, int64_t size);

}  // namespace client
