#include "applets/cli/nbd.h"

#include <mutex>
#include <print>

#include "applets/cli/listener.h"
#include "async/runtime.h"
#include "client/stream.h"

namespace cli {
namespace {

/// Connections of several clients to one machine: the first one makes the exports, those that come while it is there take part in them.
class Opener {
 public:
  Opener(Call& call, client::Server& server, async::Runtime& runtime, const NbdAccess& access) : call_(call), server_(server), runtime_(runtime), access_(access) {}

  Result<std::shared_ptr<http::Stream>> open() {
    std::lock_guard one_at_a_time(mutex_);
    if (!access_.once)
      if (auto joined = connect("reuse=1")) return joined;
    return connect(access_.query);
  }

 private:
  Result<std::shared_ptr<http::Stream>> connect(const std::string& query) {
    std::string project = server_.project_name().empty() ? "default" : server_.project_name();
    std::string target = access_.path + "?project=" + url_escape(project) + (query.empty() ? "" : "&" + query);
    return client::open_stream(call_.ctx, server_.endpoint(), runtime_, {.method = http::Method::get, .target = target, .protocol = "nbd", .body = ""});
  }

  Call& call_;
  client::Server& server_;
  async::Runtime& runtime_;
  const NbdAccess& access_;
  std::mutex mutex_;
};

}  // namespace

std::string bitmap_body(const Call& call, const std::string& name) {
  return api::dump_json({{"name", name}, {"granularity", call.flags.number("granularity")}, {"persistent", call.flags.on("persistent")}, {"disabled", call.flags.on("disabled")}});
}

Result<> serve_nbd(Call& call, client::Server& server, const NbdAccess& access) {
  std::string address = call.flags.text("address");
  TcpAddress local = TRY(parse_tcp_address(address.empty() ? "127.0.0.1:0" : address));
  UniqueFd listener = TRY(listen_tcp(local));
  std::println("NBD listening on {}", local.text());
  std::fflush(stdout);
  async::Runtime runtime({.io_threads = 1, .max_workers = 16});
  Opener opener(call, server, runtime, access);
  RelayOptions options{.problem = "NBD connection failed", .idle = {}, .client = "NBD client", .once = access.once};
  auto ended = relay_connections(runtime, listener.get(), options, [&] { return opener.open(); });
  runtime.stop();
  return ended;
}

}  // namespace cli
