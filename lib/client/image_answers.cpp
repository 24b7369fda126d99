#include "client/image_answers.h"

#include <format>

namespace client {

namespace {

constexpr const char* kBoundary = "incusbox-image-files";

std::string safe(const std::string& name) { return replace_all(name, "\"", "_"); }

std::string part_head(const ImagePart& part, std::string_view before) {
  return std::format("{}--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n", before, kBoundary, part.form_name,
                     safe(part.file_name));
}

}  // namespace

Result<Question> read_question(const Request& request) {
  size_t mark = request.target.find('?');
  Question question{{}, http::Query::parse(mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1))};
  for (const std::string& part : split_list(request.target.substr(0, mark), '/')) {
    auto text = url_unescape(part);
    if (!text) return fail(Code::invalid, "Invalid path");
    question.path.push_back(*text);
  }
  if (question.path.empty() || question.path[0] != "1.0") return fail(Code::not_found, "Not found");
  question.path.erase(question.path.begin());
  // A name with slashes is escaped, or not.
  while (question.path.size() > 3 && question.path[1] == "aliases") {
    question.path[2] += "/" + question.path[3];
    question.path.erase(question.path.begin() + 3);
  }
  return question;
}

Answer sync_answer(const Json& metadata) {
  Answer answer;
  answer.status = 200;
  answer.body = api::dump_json(Json{{"type", "sync"}, {"status", "Success"}, {"status_code", 200}, {"metadata", metadata}});
  return answer;
}

Result<Answer> send_image_parts(const Request& request, const std::vector<ImagePart>& parts, int64_t size) {
  if (!request.sink) return fail(Code::internal, "Image files need somewhere to go");
  bool form = parts.size() > 1;
  Answer answer;
  answer.status = 200;
  answer.headers.set("Content-Type", form ? std::format("multipart/form-data; boundary={}", kBoundary) : "application/octet-stream");
  answer.headers.set("Content-Disposition", std::format("inline;filename=\"{}\"", safe(parts.front().file_name)));
  if (size > 0) answer.content_length = static_cast<uint64_t>(size);
  if (request.on_headers) TRY(request.on_headers(answer));
  for (size_t i = 0; i < parts.size(); ++i) {
    if (form) TRY(request.sink(part_head(parts[i], i == 0 ? "" : "\r\n")));
    TRY(parts[i].write(request.sink));
  }
  if (form) TRY(request.sink(std::format("\r\n--{}--\r\n", kBoundary)));
  return answer;
}

}  // namespace client
