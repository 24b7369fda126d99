#include "client/api.h"

#include <algorithm>

namespace client {

struct Server::Shared {
  explicit Shared(Endpoint endpoint) : client(std::move(endpoint)) {}
  Client client;
  std::function<void(std::string_view)> trace;
  std::optional<Json> info;
};

Server::Server(Endpoint endpoint) : shared_(std::make_shared<Shared>(std::move(endpoint))) {}
Server::~Server() = default;
Server::Server(const Server&) = default;
Server& Server::operator=(const Server&) = default;

Server Server::project(const std::string& name) const {
  Server other = *this;
  other.project_ = name;
  return other;
}

Server Server::target(const std::string& member) const {
  Server other = *this;
  other.target_ = member;
  return other;
}

const std::string& Server::project_name() const { return project_; }
const std::string& Server::target_name() const { return target_; }
const Endpoint& Server::endpoint() const { return shared_->client.endpoint(); }
Client& Server::connection() const { return shared_->client; }
void Server::set_trace(std::function<void(std::string_view)> trace) { shared_->trace = std::move(trace); }

std::string Server::url(const std::string& path) const {
  std::string out = path;
  auto add = [&](std::string_view key, const std::string& value) {
    size_t query = path.find('?');
    bool given = query != std::string::npos && (path.find(std::format("?{}=", key), query) != std::string::npos || path.find(std::format("&{}=", key), query) != std::string::npos);
    if (value.empty() || given || !path.starts_with("/1.0")) return;
    out += std::format("{}{}={}", out.contains('?') ? '&' : '?', key, url_escape(value));
  };
  if (!path.contains("all-projects=true")) add("project", project_);
  add("target", target_);
  return out;
}

Result<Answer> Server::send(const Context& ctx, Request request) {
  request.target = url(request.target);
  if (shared_->trace) shared_->trace(std::format("Sending request to the server: {} {} {}", http::method_name(request.method), request.target, request.body));
  Answer answer = TRY(shared_->client.send(ctx, request));
  if (shared_->trace) shared_->trace(std::format("Got response from the server: {} {}", answer.status, answer.body));
  if (answer.status >= 400) return std::unexpected(answer_error(answer));
  return answer;
}

namespace {
std::string unquoted(std::string etag) {
  std::erase(etag, '"');
  return etag;
}

std::string operation_id(const std::string& path) {
  std::string name = path.substr(0, path.find('?'));
  return name.substr(name.rfind('/') + 1);
}
}  // namespace

Result<Reply> Server::send_query(const Context& ctx, Request request) {
  Answer answer = TRY(send(ctx, std::move(request)));
  Json envelope = TRY_CTX(api::parse_json(answer.body), "The server's answer isn't JSON");
  if (!envelope.is_object()) return fail(Code::internal, "The server's answer isn't an envelope");
  Reply reply{.status = answer.status, .metadata = envelope.value("metadata", Json()), .etag = unquoted(answer.headers.get("ETag")),
              .location = answer.headers.get("Location"), .operation = ""};
  if (envelope.value("type", "") == "async") reply.operation = operation_id(envelope.value("operation", ""));
  return reply;
}

Result<Reply> Server::query(const Context& ctx, http::Method method, const std::string& path, std::string body, const std::string& etag) {
  Request request{.method = method, .target = path, .body = std::move(body)};
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  if (!etag.empty()) request.headers.set("If-Match", etag);
  return send_query(ctx, std::move(request));
}

namespace {
constexpr int64_t kFinal = 200;  // status codes from here on are the end of an operation

/// The operation in an event frame, if it is `id`'s.
std::optional<api::Operation> operation_event(const WebSocket::Message& message, const std::string& id) {
  auto event = api::parse_json(message.data);
  if (!event || !event->is_object() || !event->contains("metadata") || !(*event)["metadata"].is_object()) return std::nullopt;
  if ((*event)["metadata"].value("id", "") != id) return std::nullopt;
  auto operation = api::from_json<api::Operation>((*event)["metadata"]);
  return operation ? std::optional(*operation) : std::nullopt;
}
}  // namespace

Result<api::Operation> Server::wait_operation(const Context& ctx, const std::string& id, const Progress& progress) {
  std::string path = "/1.0/operations/" + url_escape(id);
  if (progress) {
    auto events = websocket(ctx, "/1.0/events?type=operation&all-projects=true");
    if (!events) events = websocket(ctx, "/1.0/events?type=operation");
    auto now = events ? get_as<api::Operation>(ctx, path) : Result<api::Operation>(std::unexpected(events.error()));
    while (now && now->status_code < kFinal) {
      auto message = TRY((*events)->receive(ctx));
      if (message.end) break;
      if (auto changed = operation_event(message, id)) {
        now = *changed;
        progress(*now);
      }
    }
    if (now && now->status_code >= kFinal) return now;
  }
  return get_as<api::Operation>(ctx, path + "/wait?timeout=-1");
}

Result<> operation_result(const api::Operation& operation) {
  if (operation.status_code == 200) return {};
  if (operation.status_code == 401) return fail(Code::cancelled, "{}", operation.err.empty() ? "Operation cancelled" : operation.err);
  return fail(Code::internal, "{}", operation.err.empty() ? "The operation failed" : operation.err);
}

Result<std::optional<api::Operation>> Server::run(const Context& ctx, http::Method method, const std::string& path, std::string body,
                                                  const std::string& etag, const Progress& progress) {
  Reply reply = TRY(query(ctx, method, path, std::move(body), etag));
  if (reply.operation.empty()) return std::nullopt;
  api::Operation operation = TRY(wait_operation(ctx, reply.operation, progress));
  TRY(operation_result(operation));
  return operation;
}

Result<> Server::cancel_operation(const Context& ctx, const std::string& id) {
  TRY(query(ctx, http::Method::delete_, "/1.0/operations/" + url_escape(id)));
  return {};
}

Result<std::unique_ptr<WebSocket>> Server::websocket(const Context& ctx, const std::string& path) { return shared_->client.websocket(ctx, url(path)); }

Result<std::unique_ptr<WebSocket>> Server::operation_websocket(const Context& ctx, const std::string& id, const std::string& secret) {
  return websocket(ctx, "/1.0/operations/" + url_escape(id) + "/websocket?secret=" + url_escape(secret));
}

Result<std::shared_ptr<http::Stream>> Server::upgrade(const Context& ctx, const std::string& path, const std::string& protocol, http::Method method) {
  return shared_->client.upgrade(ctx, url(path), protocol, method);
}

Result<const Json*> Server::info(const Context& ctx) {
  if (!shared_->info) shared_->info = TRY(get(ctx, "/1.0")).metadata;
  return &*shared_->info;
}

bool Server::has_extension(std::string_view name) const {
  if (!shared_->info || !shared_->info->contains("api_extensions")) return false;
  return std::ranges::any_of((*shared_->info)["api_extensions"], [&](const Json& item) { return item == name; });
}

}  // namespace client
