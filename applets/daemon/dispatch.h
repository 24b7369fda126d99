// From a request to its answer: route, trust, access, project, handler, envelope.
#pragma once
#include "applets/daemon/router.h"
#include "http/server.h"

namespace incusd {

struct Daemon;

class GuestApi;

class Dispatcher {
 public:
  explicit Dispatcher(Daemon& daemon);
  ~Dispatcher();
  /// The other API of this daemon, for instances; it has a socket, routes and rules of its own.
  GuestApi& guest() { return *guest_; }
  /// The http::Planner of the daemon's listeners.
  http::Plan plan(http::Request& request) const;

 private:
  http::Response answer(const Context& ctx, http::Request& request, const Route& route) const;
  /// The answer where it lies finished in memory (from_memory.h). On an I/O thread.
  std::optional<http::Response> answer_from_memory(http::Request& request, const Route& route) const;
  Result<Reply> handle(const Context& ctx, http::Request& request, const Route& route, Handler handler) const;
  Result<> check_access(Call& call, const Route& route) const;
  Result<> enter_project(Call& call, const Route& route) const;
  void add_cors(const http::Request& request, http::Response& response) const;

  Daemon& daemon_;
  Router router_;
  std::unique_ptr<GuestApi> guest_;
};

}  // namespace incusd
