// `incus version`: this client's release and the server's.
#include "applets/cli/version.h"

#include <print>

#include "applets/cli/call.h"

namespace cli {

namespace {

Result<> show(Call& call) {
  std::string version = "unreachable";
  if (auto server = call.server(call.args[0])) {
    auto info = server->info(call.ctx);
    if (info && (*info)->contains("environment")) version = (**info)["environment"].value("server_version", "");
  }
  std::println("Client version: {}\nServer version: {}", kVersion, version);
  return {};
}

constexpr Command kCommands[] = {
    {.path = "version", .usage = "[<remote>:]", .summary = "Show the versions of client and server", .run = show},
};

}  // namespace

extern const CommandTable version_commands = kCommands;

}  // namespace cli
