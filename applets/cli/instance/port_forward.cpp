// `incus port-forward`: a local TCP port whose connections end inside an instance.
#include <print>

#include "applets/cli/instance/common.h"
#include "applets/cli/listener.h"
#include "async/runtime.h"
#include "client/stream.h"

namespace cli {
namespace {

Result<> run_port_forward(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& name = call.args[0].object().text;
  TcpAddress target = TRY(parse_tcp_address(call.args[1].text)), local = TRY(parse_tcp_address(call.args[2].text));
  TRY(server.get(call.ctx, instance_url(name)));
  UniqueFd listener = TRY(listen_tcp(local));
  std::println("Forwarding {} to {} port {} on {}", local.text(), target.host, target.port, name);
  std::fflush(stdout);
  std::string body = api::dump_json({{"address", target.host}, {"port", target.port}});
  std::string path = instance_url(name, "/port-forward?project=" + url_escape(server.project_name().empty() ? "default" : server.project_name()));
  async::Runtime runtime({.io_threads = 1, .max_workers = 64});
  auto ended = relay_connections(runtime, listener.get(), {.problem = "Connection to the instance failed", .idle = {}}, [&]() {
    return client::open_stream(call.ctx, server.endpoint(), runtime, {.target = path, .protocol = "tcp", .body = body});
  });
  runtime.stop();
  return ended;
}

constexpr Command kCommands[] = {
    {.path = "port-forward", .usage = "[<remote>:]<instance> <target port> <listen port>", .summary = "Forward a local TCP port to an instance", .run = run_port_forward,
     .about = "Listens on this machine and passes each connection on to an address inside the instance, until interrupted.\n"
              "Ports may carry an address (ADDRESS:PORT; 127.0.0.1 if left out). IPv6 addresses stand in brackets: [::1]:80.",
     .examples = "incus port-forward c1 80 8080\n    What connects to port 8080 here reaches port 80 in c1.\n\n"
                 "incus port-forward c1 10.0.3.1:443 0.0.0.0:8443\n    Port 8443 on all addresses of this machine reaches 10.0.3.1:443 as c1 sees it."},
};

}  // namespace

extern const CommandTable port_forward_commands = kCommands;

}  // namespace cli
