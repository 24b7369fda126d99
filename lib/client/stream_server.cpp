#include "client/stream_server.h"

#include <format>

#include "api/filter.h"

namespace client {

namespace {

constexpr const char* kBoundary = "incusbox-image-files";

/// What is asked for, in pieces.
struct Question {
  StringList path;  ///< after /1.0, decoded
  http::Query query;
  const Request& request;
};

class StreamServer {
 public:
  explicit StreamServer(StreamSource source) : source_(std::move(source)) {}

  Result<Answer> answer(const Context& ctx, const Request& request) {
    Question question = TRY(read(request));
    if (request.method != http::Method::get) return fail(Code::forbidden, "Image servers of this kind can only be read");
    if (question.path.empty()) return envelope(info());
    if (question.path[0] != "images") return fail(Code::not_found, "Not found");
    if (!catalog_) catalog_ = TRY(load_catalog(ctx, source_));
    size_t depth = question.path.size();
    if (depth == 1) return envelope(TRY(images(question)));
    if (question.path[1] == "aliases") return envelope(depth == 2 ? aliases(question) : TRY(alias(question)));
    const imagefmt::StreamImage& image = *TRY(catalog_->find(question.path[1], ""));
    if (depth == 2) return envelope(api::to_json(image.image));
    if (depth == 3 && question.path[2] == "export") return send_files(ctx, request, image);
    return fail(Code::not_found, "Not found");
  }

 private:
  StreamSource source_;
  std::optional<imagefmt::StreamCatalog> catalog_;

  static Result<Question> read(const Request& request) {
    size_t mark = request.target.find('?');
    Question question{{}, http::Query::parse(mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1)), request};
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

  static Answer envelope(const Json& metadata) {
    Answer answer;
    answer.status = 200;
    answer.body = api::dump_json(Json{{"type", "sync"}, {"status", "Success"}, {"status_code", 200}, {"metadata", metadata}});
    return answer;
  }

  Json info() const {
    return {{"api_extensions", Json::array()}, {"api_status", "stable"}, {"api_version", "1.0"}, {"auth", "untrusted"}, {"public", true},
            {"environment", {{"server", "simplestreams"}, {"addresses", Json::array({source_.server})}}}};
  }

  Result<Json> images(const Question& question) const {
    api::Filter filter = TRY(api::Filter::parse(question.query.get("filter")));
    Json list = Json::array();
    for (const auto& item : catalog_->images) {
      Json image = api::to_json(item.image);
      if (!TRY(filter.match(image))) continue;
      if (question.query.get("recursion") == "1") list.push_back(std::move(image));
      else list.push_back("/1.0/images/" + item.image.fingerprint);
    }
    return list;
  }

  Json aliases(const Question& question) const {
    Json list = Json::array();
    for (const auto& entry : catalog_->alias_list()) {
      if (question.query.get("recursion") == "1") list.push_back(api::to_json(entry));
      else list.push_back("/1.0/images/aliases/" + url_escape(entry.name));
    }
    return list;
  }

  Result<Json> alias(const Question& question) const {
    std::string type = question.query.get("type");
    const api::ImageAliasesEntry* found = nullptr;
    auto list = catalog_->alias_list();
    for (const auto& entry : list) {
      if (entry.name != question.path[2] || (!type.empty() && entry.type != type)) continue;
      if (!found || entry.type == "container") found = &entry;
    }
    if (!found) return fail(Code::not_found, "Alias '{}' doesn't exist", question.path[2]);
    return api::to_json(*found);
  }

  /// The one file, or both as a form: as a server of the API would send them.
  Result<Answer> send_files(const Context& ctx, const Request& request, const imagefmt::StreamImage& image) {
    if (!request.sink) return fail(Code::internal, "Image files need somewhere to go");
    bool split = !image.rootfs.path.empty();
    Answer answer;
    answer.status = 200;
    answer.headers.set("Content-Type", split ? std::format("multipart/form-data; boundary={}", kBoundary) : "application/octet-stream");
    answer.headers.set("Content-Disposition", std::format("inline;filename=\"{}\"", file_name(image.metadata)));
    answer.content_length = static_cast<uint64_t>(image.image.size);
    if (request.on_headers) TRY(request.on_headers(answer));
    if (split) TRY(request.sink(part_head("metadata", image.metadata, "")));
    TRY(fetch_stream_file(ctx, source_, image.metadata, request.sink));
    if (!split) return answer;
    TRY(request.sink(part_head(image.image.type == "container" ? "rootfs" : "rootfs.img", image.rootfs, "\r\n")));
    TRY(fetch_stream_file(ctx, source_, image.rootfs, request.sink));
    TRY(request.sink(std::format("\r\n--{}--\r\n", kBoundary)));
    return answer;
  }

  static std::string file_name(const imagefmt::StreamFile& file) { return replace_all(file.path.substr(file.path.rfind('/') + 1), "\"", "_"); }

  static std::string part_head(std::string_view name, const imagefmt::StreamFile& file, std::string_view before) {
    return std::format("{}--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n", before, kBoundary, name,
                       file_name(file));
  }
};

}  // namespace

Server stream_server(StreamSource source) {
  auto server = std::make_shared<StreamServer>(std::move(source));
  return Server([server](const Context& ctx, const Request& request) { return server->answer(ctx, request); });
}

}  // namespace client
