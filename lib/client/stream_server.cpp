#include "client/stream_server.h"

#include <format>

#include "api/filter.h"
#include "client/image_answers.h"

namespace client {

namespace {

class StreamServer {
 public:
  explicit StreamServer(StreamSource source) : source_(std::move(source)) {}

  Result<Answer> answer(const Context& ctx, const Request& request) {
    Question question = TRY(read_question(request));
    if (request.method != http::Method::get) return fail(Code::forbidden, "Image servers of this kind can only be read");
    if (question.path.empty()) return sync_answer(info());
    if (question.path[0] != "images") return fail(Code::not_found, "Not found");
    if (!catalog_) catalog_ = TRY(load_catalog(ctx, source_));
    size_t depth = question.path.size();
    if (depth == 1) return sync_answer(TRY(images(question)));
    if (question.path[1] == "aliases") return sync_answer(depth == 2 ? aliases(question) : TRY(alias(question)));
    const imagefmt::StreamImage& image = *TRY(catalog_->find(question.path[1], ""));
    if (depth == 2) return sync_answer(api::to_json(image.image));
    if (depth == 3 && question.path[2] == "export") return send_files(ctx, request, image);
    return fail(Code::not_found, "Not found");
  }

 private:
  StreamSource source_;
  std::optional<imagefmt::StreamCatalog> catalog_;

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

  Result<Answer> send_files(const Context& ctx, const Request& request, const imagefmt::StreamImage& image) {
    std::vector<ImagePart> parts;
    auto add = [&](const char* form_name, const imagefmt::StreamFile& file) {
      parts.push_back({form_name, file.path.substr(file.path.rfind('/') + 1), [&](const Sink& sink) { return fetch_stream_file(ctx, source_, file, sink); }});
    };
    add("metadata", image.metadata);
    if (!image.rootfs.path.empty()) add(image.image.type == "container" ? "rootfs" : "rootfs.img", image.rootfs);
    return send_image_parts(request, parts, image.image.size);
  }
};

}  // namespace

Server stream_server(StreamSource source) {
  auto server = std::make_shared<StreamServer>(std::move(source));
  return Server([server](const Context& ctx, const Request& request) { return server->answer(ctx, request); });
}

}  // namespace client
