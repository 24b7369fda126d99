// The route table: one row per path and method. Auth, project lookup, ETag and the envelope are applied here, once, from the row.
#pragma once
#include <span>
#include <string>
#include <variant>

#include "core/auth.h"
#include "core/operation.h"
#include "http/message.h"

namespace incusd {

struct Daemon;

/// Who may call: anybody, any trusted peer (the handler filters what it shows), or an entitlement on an object.
struct Access {
  enum class Kind { untrusted, authenticated, entitlement } kind;
  std::string_view object = "";       ///< "server", "project", "instance", … (entitlement)
  std::string_view entitlement = "";  ///< "can_edit"
  std::string_view name_param = "";   ///< the path parameter that names the object ("name")
};
inline constexpr Access kUntrusted{Access::Kind::untrusted};
inline constexpr Access kAuthenticated{Access::Kind::authenticated};
constexpr Access allow(std::string_view object, std::string_view entitlement, std::string_view name_param = "") {
  return {Access::Kind::entitlement, object, entitlement, name_param};
}

enum RouteFlags : unsigned {
  kNoFlags = 0,
  kLargeBody = 1,  ///< the body is read by the handler from Request::stream
  kInline = 2,     ///< runs on the I/O thread: the handler never blocks (in-memory or cached)
  kProject = 4,    ///< project-scoped: ?project= is checked to exist and to be visible; Call::project is set
};

/// One request as handlers see it.
struct Call {
  const Context& ctx;
  http::Request& request;
  Daemon& daemon;
  core::Identity identity;
  std::string project = "default";

  const std::string& param(const std::string& name) const { return request.params.at(name); }
  std::string query(std::string_view key) const { return request.query.get(key); }
  int recursion() const;       ///< ?recursion=, 0 where absent
  bool all_projects() const;   ///< ?all-projects=true
  /// The body as a wire struct. Errors: invalid.
  template <class T>
  Result<T> body() const;
  /// If-Match against `etag` (quoted or not). Errors: precondition.
  Result<> check_etag(const std::string& etag) const;
};

/// What a handler answers; the row's envelope is put around it.
struct Reply {
  enum class Kind { sync, async, raw } kind = Kind::sync;
  std::string metadata = "null";  ///< sync: JSON text
  std::string etag;               ///< sync: sent as ETag if not empty
  std::string location;           ///< sync: 201 with Location
  std::shared_ptr<core::Operation> operation;
  http::Response response;        ///< raw; sync: its headers are added
};
Reply ok(std::string metadata_json = "{}", std::string etag = "");
Reply created(std::string location, std::string metadata_json = "null");
/// Starts the operation and answers 202. (daemon.operations->start)
Result<Reply> accepted(Call& call, core::OperationSpec spec);
Reply raw(http::Response response);

using Handler = Result<Reply> (*)(Call&);

struct Route {
  http::Method method;
  std::string_view path;  ///< "/1.0/instances/{name}/state"
  Access access;
  unsigned flags;
  Handler handler;
  std::string_view summary;
};
using Routes = std::span<const Route>;

/// sha256 hex of the JSON text: the ETag of a writable part.
std::string etag_of(std::string_view json);
/// A list reply: recursion 0 gives URLs, 1 objects; ?filter= is applied to the objects either way.
/// `objects` are JSON texts in the same order as `urls`.
Result<Reply> list_reply(Call& call, const StringList& urls, const StringList& objects);

}  // namespace incusd

#include "applets/daemon/route_inl.h"
