// Connections of a call.
#include "applets/cli/call.h"

#include "applets/cli/user_socket.h"
#include "applets/cli/image/registry.h"
#include "client/stream_server.h"
#include "oci/registry_server.h"

#include <cstdio>
#include <cstdlib>
#include <print>

namespace cli {

Call::Call(const Command& command, Flags flags, Config config) : command(command), flags(std::move(flags)), config(std::move(config)) {}

Result<client::Server> Call::server(const std::string& remote) { return connect(remote, false); }
Result<client::Server> Call::public_server(const std::string& remote) { return connect(remote, true); }

Result<client::Server> Call::connect(const std::string& wanted, bool allow_public) {
  std::string name = flags.on("force-local") || wanted.empty() ? "local" : wanted;
  auto known = servers_.find(name);
  if (known != servers_.end()) return known->second;
  const Remote& remote = *TRY(config.find(name));
  if (remote.protocol == "oci" && allow_public) {
    auto server = TRY(oci::registry_server({.url = TRY(server_address(ctx, remote)), .layer_folder = cache_folder() + "/oci",
                                            .keys = TRY(signing_keys(config, name))}));
    return servers_.emplace(name, std::move(server)).first->second;  // it remembers the images it was asked for by name
  }
  if (remote.protocol == "simplestreams" && allow_public) {
    return client::stream_server({.server = remote.addresses.front(), .cache_folder = client::user_stream_cache()});
  }
  if (remote.protocol != "incus" || (remote.is_public && !allow_public)) return fail(Code::invalid, "The remote isn't a private server");

  StringList addresses = remote.rolling_addresses();
  std::string problems;
  for (const std::string& address : addresses) {
    Result<client::Endpoint> endpoint = config.endpoint(name, address);
    if (endpoint) {
      client::Server server(std::move(*endpoint));
      // With several addresses only an answer tells which one works; with one, the first real request will.
      Result<const Json*> answer = addresses.size() > 1 ? server.info(ctx) : Result<const Json*>(nullptr);
      if (answer) {
        if (flags.on("debug")) server.set_trace([](std::string_view line) { std::println(stderr, "{}", line); });
        const char* environment = std::getenv("INCUS_PROJECT");
        std::string project = flags.given("project") ? flags.text("project") : environment ? environment : "";
        if (project.empty() && remote.project != "default") project = remote.project;
        if (project.empty()) project = local_user_project(server.endpoint().unix_path);
        if (!project.empty()) server = server.project(project);
        return servers_.emplace(name, std::move(server)).first->second;
      }
      endpoint = std::unexpected(answer.error());
    }
    if (addresses.size() == 1) return std::unexpected(endpoint.error());
    problems += (problems.empty() ? "" : "\n") + endpoint.error().message();
  }
  return fail(Code::unavailable, "{}", problems);
}

std::string Call::shown(const Arg& arg) const {
  return arg.remote.empty() || arg.remote == config.default_remote ? arg.object().text : arg.remote + ":" + arg.object().text;
}

std::string Call::format() const {
  return flags.given("format") || config.defaults.list_format.empty() ? flags.text("format") : config.defaults.list_format;
}

void Call::say(std::string_view line) const {
  if (quiet()) return;
  std::println("{}", line);
  std::fflush(stdout);  // what follows may take long, or write to standard error
}

}  // namespace cli
