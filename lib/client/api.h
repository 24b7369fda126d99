// The REST API as a client speaks it: envelopes, ETags, project and member selection, asynchronous operations.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/json.h"
#include "api/types/event.h"
#include "api/types/operation.h"
#include "client/client.h"

namespace client {

/// One decoded envelope.
struct Reply {
  int status = 200;        ///< HTTP status
  Json metadata;
  std::string etag;        ///< without quotes
  std::string location;    ///< of 201 and 202 answers
  std::string operation;   ///< id of the operation (202), else ""
};

/// One server's API with a project and a target member chosen. Copies of project() and target() share the connection.
/// Not thread-safe. Errors of every call: the server's error text with the code of its status, and those of Client.
class Server {
 public:
  explicit Server(Endpoint endpoint);
  /// A server that is none: `answer` stands in for one that speaks another protocol (client/stream_server.h). Bodies for a request's sink are
  /// written there by it. It has no websockets, upgrades or operations.
  using Answerer = std::function<Result<Answer>(const Context& ctx, const Request& request)>;
  explicit Server(Answerer answer);
  ~Server();
  Server(const Server&);
  Server& operator=(const Server&);

  /// The same connection, with ?project= on every path under /1.0. "" is none.
  Server project(const std::string& name) const;
  /// With ?target=.
  Server target(const std::string& member) const;
  const std::string& project_name() const;
  const std::string& target_name() const;
  const Endpoint& endpoint() const;
  Client& connection() const;

  /// Called with each request's method, URL and body, and each answer's, when --debug wants them.
  void set_trace(std::function<void(std::string_view line)> trace);

  /// `path` may carry its own query: "/1.0/instances?recursion=1". `body`: JSON text. `etag`: sent as If-Match.
  Result<Reply> query(const Context& ctx, http::Method method, const std::string& path, std::string body = "", const std::string& etag = "");
  Result<Reply> get(const Context& ctx, const std::string& path) { return query(ctx, http::Method::get, path); }
  /// GET decoded into a wire struct (or vector of them).
  template <class T>
  Result<T> get_as(const Context& ctx, const std::string& path, std::string* etag = nullptr);

  /// Sends anything; bodies of 2xx answers go to request.sink. Statuses >= 400 are errors. project and target are added to the target.
  Result<Answer> send(const Context& ctx, Request request);
  /// The same, and the answer's body is an envelope.
  Result<Reply> send_query(const Context& ctx, Request request);

  using Progress = std::function<void(const api::Operation&)>;
  /// Waits until the operation ended and returns its final record, whatever its status. With `progress`, an events websocket reports each change.
  /// A cancelled ctx does not cancel the operation.
  Result<api::Operation> wait_operation(const Context& ctx, const std::string& id, const Progress& progress = nullptr);
  /// query() and, where the answer is 202, wait; a failed operation is an error with its text. A sync answer gives nothing.
  Result<std::optional<api::Operation>> run(const Context& ctx, http::Method method, const std::string& path, std::string body = "",
                                            const std::string& etag = "", const Progress& progress = nullptr);
  Result<> cancel_operation(const Context& ctx, const std::string& id);

  Result<std::unique_ptr<WebSocket>> websocket(const Context& ctx, const std::string& path);
  /// The stream of one secret of a websocket operation (exec, console, migration).
  Result<std::unique_ptr<WebSocket>> operation_websocket(const Context& ctx, const std::string& id, const std::string& secret);
  Result<std::shared_ptr<http::Stream>> upgrade(const Context& ctx, const std::string& path, const std::string& protocol,
                                                http::Method method = http::Method::get);

  /// GET /1.0 once; cached.
  Result<const Json*> info(const Context& ctx);
  bool has_extension(std::string_view name) const;  ///< false before info()

 private:
  struct Shared;
  std::string url(const std::string& path) const;
  std::shared_ptr<Shared> shared_;
  std::string project_;
  std::string target_;
};

/// An operation's error, if it failed or was cancelled.
Result<> operation_result(const api::Operation& operation);

/// A wire struct, or a vector of them, from JSON.
template <class T>
Result<T> decode(const Json& json) {
  if constexpr (requires { typename T::value_type; }) {
    T list;
    if (!json.is_array() && !json.is_null()) return fail(Code::internal, "The server sent something else than a list");
    for (const Json& item : json) list.push_back(TRY(api::from_json<typename T::value_type>(item)));
    return list;
  } else {
    return api::from_json<T>(json);
  }
}

template <class T>
Result<T> Server::get_as(const Context& ctx, const std::string& path, std::string* etag) {
  Reply reply = TRY(get(ctx, path));
  if (etag) *etag = reply.etag;
  return decode<T>(reply.metadata);
}

}  // namespace client
