#include "client/api.h"

#include <algorithm>

#include "http/status.h"

namespace client {

struct Server::Shared {
  explicit Shared(Endpoint endpoint) : client(std::move(endpoint)) {}
  Client client;
  Answerer answerer;  ///< instead of the client
  std::function<void(std::string_view)> trace;
  std::optional<Json> info;
};

namespace {

bool is_final(const api::Operation& operation) { return operation.status_code >= 200; }

/// Adds `key=value` unless the query has the key already.
void add_argument(std::string& path, std::string_view key, const std::string& value) {
  size_t mark = path.find('?');
  if (mark != std::string::npos && !http::Query::parse(std::string_view(path).substr(mark + 1)).get(key).empty()) return;
  path += mark == std::string::npos ? '?' : '&';
  path += key;
  path += '=';
  path += url_escape(value);
}

bool has_argument(const std::string& path, std::string_view key) {
  size_t mark = path.find('?');
  return mark != std::string::npos && !http::Query::parse(std::string_view(path).substr(mark + 1)).get(key).empty();
}

std::string last_part(const std::string& path) {
  std::string_view text = std::string_view(path).substr(0, path.find('?'));
  return std::string(text.substr(text.rfind('/') + 1));
}

Result<Reply> read_envelope(const Answer& answer) {
  auto parsed = api::parse_json(answer.body);
  if (!parsed || !parsed->is_object()) {
    if (answer.status >= 400) return std::unexpected(answer_error(answer));
    return fail(Code::internal, "The server sent something else than JSON (status {})", answer.status);
  }
  Json& json = *parsed;
  if (answer.status >= 400 || json.value("type", "") == "error") return std::unexpected(answer_error(answer));
  Reply reply{.status = answer.status};
  if (auto metadata = json.find("metadata"); metadata != json.end()) reply.metadata = std::move(*metadata);
  reply.etag = answer.headers.get("ETag");
  std::erase(reply.etag, '"');
  reply.location = answer.headers.get("Location");
  if (json.value("type", "") == "async") reply.operation = last_part(json.value("operation", ""));
  return reply;
}

}  // namespace

Server::Server(Endpoint endpoint) : shared_(std::make_shared<Shared>(std::move(endpoint))) {}
Server::Server(Answerer answer) : Server(Endpoint{}) { shared_->answerer = std::move(answer); }
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
  std::string full = path;
  if (!path.starts_with("/1.0")) return full;
  if (!target_.empty()) add_argument(full, "target", target_);
  if (!project_.empty() && !has_argument(full, "all-projects")) add_argument(full, "project", project_);
  return full;
}

Result<Answer> Server::send(const Context& ctx, Request request) {
  request.target = url(request.target);
  const auto& trace = shared_->trace;
  if (trace) trace(std::format("Sending request to the server: {} {} {}", http::method_name(request.method), request.target, request.body));
  Answer answer = TRY(shared_->answerer ? shared_->answerer(ctx, request) : shared_->client.send(ctx, request));
  if (trace) trace(std::format("Got response from the server: {} {}", answer.status, answer.body));
  if (answer.status >= 400) return std::unexpected(answer_error(answer));
  return answer;
}

Result<Reply> Server::send_query(const Context& ctx, Request request) { return read_envelope(TRY(send(ctx, std::move(request)))); }

Result<Reply> Server::query(const Context& ctx, http::Method method, const std::string& path, std::string body, const std::string& etag) {
  Request request{.method = method, .target = path, .body = std::move(body)};
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  if (!etag.empty()) request.headers.add("If-Match", etag);
  return send_query(ctx, std::move(request));
}

Result<api::Operation> Server::wait_operation(const Context& ctx, const std::string& id, const Progress& progress) {
  Server plain = project("").target("");
  std::string path = "/1.0/operations/" + id;
  if (!progress) return plain.get_as<api::Operation>(ctx, path + "/wait?timeout=-1");
  // Listening begins before the first look, so that no change is missed between the two.
  std::string events = "/1.0/events?type=operation";
  events += project_.empty() ? "&all-projects=true" : "&project=" + url_escape(project_);
  auto listener = plain.websocket(ctx, events);
  if (!listener) return plain.get_as<api::Operation>(ctx, path + "/wait?timeout=-1");  // no right to see events
  auto operation = TRY(plain.get_as<api::Operation>(ctx, path));
  progress(operation);
  while (!is_final(operation)) {
    auto message = TRY((*listener)->receive(ctx));
    if (message.end) return plain.get_as<api::Operation>(ctx, path + "/wait?timeout=-1");
    auto event = api::parse<api::Event>(message.data);
    if (!event || event->type != "operation") continue;
    auto changed = api::from_json<api::Operation>(event->metadata);
    if (!changed || changed->id != id) continue;
    operation = std::move(*changed);
    progress(operation);
  }
  return operation;
}

Result<std::optional<api::Operation>> Server::run(const Context& ctx, http::Method method, const std::string& path, std::string body,
                                                  const std::string& etag, const Progress& progress) {
  Reply reply = TRY(query(ctx, method, path, std::move(body), etag));
  if (reply.operation.empty()) return std::nullopt;
  auto operation = TRY(wait_operation(ctx, reply.operation, progress));
  TRY(operation_result(operation));
  return operation;
}

Result<> Server::cancel_operation(const Context& ctx, const std::string& id) {
  TRY(project("").target("").query(ctx, http::Method::delete_, "/1.0/operations/" + id));
  return {};
}

Result<std::unique_ptr<WebSocket>> Server::websocket(const Context& ctx, const std::string& path) {
  return shared_->client.websocket(ctx, url(path));
}

Result<std::unique_ptr<WebSocket>> Server::operation_websocket(const Context& ctx, const std::string& id, const std::string& secret) {
  return shared_->client.websocket(ctx, "/1.0/operations/" + url_escape(id) + "/websocket?secret=" + url_escape(secret));
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

Result<> operation_result(const api::Operation& operation) {
  if (operation.status_code == 200) return {};
  bool cancelled = operation.status_code == 401;
  std::string_view fallback = cancelled ? "Operation cancelled" : "The operation failed";
  return fail(cancelled ? Code::cancelled : Code::internal, "{}", operation.err.empty() ? fallback : operation.err);
}

}  // namespace client
